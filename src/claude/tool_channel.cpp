#include "claude/tool_channel.hpp"

#include "claude/encoder.hpp"

#include <algorithm>
#include <unordered_map>

namespace ccapi::claude {

std::string tool_server_name(std::size_t number) {
  return "client" + std::to_string(number);
}

bool tool_channel::knows(const domain::tool_list& tools) const {
  return std::all_of(tools.begin(), tools.end(), [this](const domain::tool& each) {
    return std::binary_search(names_.begin(), names_.end(), each.api_name);
  });
}

std::string tool_channel::declare(const domain::tool_list& tools) {
  names_.clear();
  for (const auto& each : tools)
    names_.push_back(each.api_name);
  std::sort(names_.begin(), names_.end());
  server_ = server_ % tool_servers_max + 1;
  return tool_server_name(server_);
}

tool_channel::reaction tool_channel::on_request(const control_request& asked, std::string& out) {
  if (asked.subtype != "mcp_message")
    return reaction::refused;
  if (asked.method == "tools/call")
    return keep(asked);
  if (asked.method == "initialize")
    server_answer(out, asked);
  else if (asked.method == "tools/list") // of a server that was replaced: nothing
    tool_names_answer(
      out, asked, asked.server == tool_server_name(server_) ? names_ : std::vector<std::string>{});
  else if (asked.method == "ping" || !asked.rpc_id)
    empty_answer(out, asked);
  else
    return reaction::refused;
  return reaction::answered;
}

tool_channel::reaction tool_channel::keep(const control_request& asked) {
  if (asked.tool_use_id.empty() || !asked.rpc_id || calls_.size() >= open_calls_max
      || is_open(asked.tool_use_id))
    return reaction::refused;
  calls_.push_back({.id = std::string{asked.tool_use_id},
                    .request_id = std::string{asked.request_id},
                    .rpc_id = *asked.rpc_id});
  return reaction::kept;
}

bool tool_channel::is_open(std::string_view call_id) const noexcept {
  return std::any_of(calls_.begin(), calls_.end(),
                     [&](const open_call& each) { return each.id == call_id; });
}

bool tool_channel::answer(const domain::tool_result_block& result, std::string& out) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [&](const open_call& each) { return each.id == result.call_id; });
  if (found == calls_.end())
    return false;
  call_answer(out, found->request_id, found->rpc_id, result);
  calls_.erase(found);
  return true;
}

void tool_channel::answer_first(const domain::tool_result_block& result, std::string& out) {
  call_answer(out, calls_.front().request_id, calls_.front().rpc_id, result);
  calls_.erase(calls_.begin());
}

void tool_channel::put_in_order(const std::vector<std::string_view>& call_ids) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (const auto& id : call_ids)
    places.emplace(id, places.size());
  std::sort(calls_.begin(), calls_.end(),
            [&](const open_call& a, const open_call& b) { return places[a.id] < places[b.id]; });
}

} // namespace ccapi::claude
