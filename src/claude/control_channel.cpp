#include "claude/control_channel.hpp"

#include <algorithm>

namespace ccapi::claude {

namespace {

constexpr std::string_view id_prefix = "gateway-";

} // namespace

std::string_view to_string(control_call call) noexcept {
  switch (call) {
  case control_call::get_binary_version:
    return "get_binary_version";
  case control_call::initialize:
    return "initialize";
  case control_call::set_tool_server:
    return "set_tool_server";
  case control_call::apply_settings:
    return "apply_settings";
  case control_call::interrupt:
    return "interrupt";
  case control_call::rewind_conversation:
    return "rewind_conversation";
  case control_call::end_session:
    return "end_session";
  }
  return "unknown";
}

std::string control_channel::begin(control_call call, time_point deadline) {
  if (pending_.size() >= pending_max)
    return {};
  pending_.push_back({.number = ++last_number_, .call = call, .deadline = deadline});
  return std::string{id_prefix} + std::to_string(last_number_);
}

std::optional<control_call> control_channel::finish(std::string_view request_id) {
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const entry& open) {
    return request_id.starts_with(id_prefix)
           && request_id.substr(id_prefix.size()) == std::to_string(open.number);
  });
  if (found == pending_.end())
    return std::nullopt;
  const auto call = found->call;
  pending_.erase(found);
  return call;
}

std::optional<control_call> control_channel::expired(time_point now) {
  const auto first =
    std::min_element(pending_.begin(), pending_.end(),
                     [](const entry& a, const entry& b) { return a.deadline < b.deadline; });
  if (first == pending_.end() || first->deadline > now)
    return std::nullopt;
  const auto call = first->call;
  pending_.erase(first);
  return call;
}

std::optional<control_channel::time_point> control_channel::next_deadline() const {
  std::optional<time_point> earliest;
  for (const auto& open : pending_)
    if (!earliest || open.deadline < *earliest)
      earliest = open.deadline;
  return earliest;
}

} // namespace ccapi::claude
