#include "claude/streamed_calls.hpp"

#include "json/canonical.hpp"

#include <algorithm>

namespace ccapi::claude {

bool streamed_calls::begin(const content_block_start& line, std::vector<domain::event>& out) {
  const auto* tool = tools_.find_by_api_name(line.name);
  open_ = tool != nullptr;
  if (!open_)
    return false;
  arguments_.clear();
  out.emplace_back(domain::tool_call_started{calls_.size(), std::string{line.id}, tool->name});
  calls_.push_back({std::string{line.id}});
  return true;
}

void streamed_calls::add(std::string_view json, std::vector<domain::event>& out) {
  if (!open_)
    return;
  arguments_ += json;
  out.emplace_back(domain::tool_input_delta{calls_.size() - 1, std::string{json}});
}

void streamed_calls::end_block(std::vector<domain::event>& out) {
  if (!std::exchange(open_, false))
    return;
  if (arguments_.empty())
    out.emplace_back(domain::tool_input_delta{calls_.size() - 1, "{}"});
  else if (const auto value = json::canonical(arguments_); !value || !value->starts_with('{'))
    broken_ = true;
}

bool streamed_calls::note_kept(std::string_view id) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [&](const call& each) { return each.id == id && !each.kept; });
  if (found == calls_.end())
    return false;
  found->kept = true;
  ++kept_;
  return true;
}

std::vector<std::string_view> streamed_calls::ids() const {
  std::vector<std::string_view> all;
  all.reserve(calls_.size());
  for (const auto& each : calls_)
    all.push_back(each.id);
  return all;
}

} // namespace ccapi::claude
