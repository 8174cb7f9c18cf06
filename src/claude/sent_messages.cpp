#include "claude/sent_messages.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::claude {

const std::string& sent_messages::add_user(std::string uuid) {
  return messages_.emplace_back(sent_message{std::move(uuid), answer_sent_}).uuid;
}

void sent_messages::forget_last(std::size_t count) {
  for (; count > 0 && !messages_.empty(); --count) {
    answer_sent_ = messages_.back().answer_before;
    messages_.pop_back();
  }
}

std::size_t sent_messages::rewindable(bool to_nothing) const noexcept {
  // What the CLI was not sent it can't take back; what it was sent behind that would stay.
  const auto stuck = [to_nothing](const sent_message& message) {
    return message.uuid.empty() || (!to_nothing && !message.answer_before);
  };
  return static_cast<std::size_t>(std::find_if(messages_.rbegin(), messages_.rend(), stuck)
                                  - messages_.rbegin());
}

} // namespace ccapi::claude
