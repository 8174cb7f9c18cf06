#include "claude/sent_messages.hpp"

#include <utility>

namespace ccapi::claude {

const std::string& sent_messages::add_user(std::string uuid, kind what) {
  return messages_.emplace_back(sent_message{std::move(uuid), what, answer_sent_}).uuid;
}

void sent_messages::forget_last() {
  if (messages_.empty())
    return;
  answer_sent_ = messages_.back().answer_before;
  messages_.pop_back();
}

void sent_messages::forget_questions(std::size_t count) {
  while (count > 0 && !messages_.empty()) {
    if (messages_.back().what == kind::question)
      --count;
    forget_last();
  }
}

std::vector<std::string> sent_messages::lines_of(std::size_t count) const {
  std::vector<std::string> lines;
  for (auto each = messages_.rbegin(); count > 0 && each != messages_.rend(); ++each) {
    if (each->what != kind::results_of_calls)
      lines.push_back(each->uuid);
    if (each->what == kind::question)
      --count;
  }
  return lines;
}

std::size_t sent_messages::rewindable(bool to_nothing, std::size_t lines_max) const noexcept {
  std::size_t questions = 0;
  std::size_t lines = 0;
  for (auto each = messages_.rbegin(); each != messages_.rend(); ++each) {
    if (each->what == kind::results_of_calls)
      continue;
    // What the CLI was not sent it can't take back; what it was sent behind that would stay.
    if (each->uuid.empty() || (!to_nothing && !each->answer_before) || ++lines > lines_max)
      break;
    if (each->what == kind::question)
      ++questions;
  }
  return questions;
}

} // namespace ccapi::claude
