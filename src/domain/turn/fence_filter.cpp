#include "domain/turn/fence_filter.hpp"

#include <utility>

namespace ccapi::domain {

namespace {

constexpr std::string_view fence = "```";

constexpr bool is_blank(char what) noexcept {
  return what == ' ' || what == '\t' || what == '\n' || what == '\r';
}

constexpr bool is_of_word(char what) noexcept {
  return (what >= 'a' && what <= 'z') || (what >= 'A' && what <= 'Z')
         || (what >= '0' && what <= '9') || what == '-' || what == '_' || what == '+';
}

} // namespace

std::string fence_filter::pass(std::string_view piece) {
  std::string shown;
  if (state_ == state::open) {
    shown = piece;
    return shown;
  }
  shown.reserve(held_.size() + piece.size());
  for (const char next : piece)
    step(next, shown);
  return shown;
}

void fence_filter::step(char next, std::string& shown) {
  switch (state_) {
  case state::start:
    if (held_.empty() && is_blank(next)) // JSON does not need it, a fence may follow
      return;
    held_ += next;
    if (held_ == fence) {
      held_.clear();
      state_ = state::word;
    } else if (!fence.starts_with(held_)) {
      shown += std::exchange(held_, {});
      state_ = state::open;
    }
    return;
  case state::word:
    if (is_of_word(next))
      return;
    state_ = state::blank;
    return step(next, shown);
  case state::blank:
    if (is_blank(next))
      return;
    state_ = state::fenced;
    return step_fenced(next, shown);
  case state::fenced:
    return step_fenced(next, shown);
  case state::open:
    shown += next;
  }
}

/// Holds white space and a fence behind it: the end of the answer, unless something else follows.
void fence_filter::step_fenced(char next, std::string& shown) {
  const bool closed = ticks_ == fence.size();
  if (next == '`' && !closed) {
    held_ += next;
    ++ticks_;
    return;
  }
  if (is_blank(next) && (closed || ticks_ == 0)) {
    held_ += next;
    return;
  }
  shown += std::exchange(held_, {});
  ticks_ = 0;
  if (is_blank(next) || next == '`')
    return step_fenced(next, shown);
  shown += next;
}

std::string fence_filter::finish() {
  auto rest = std::exchange(held_, {});
  const bool fenced = std::exchange(state_, state::open) == state::fenced;
  if (fenced && (ticks_ == 0 || ticks_ == fence.size()))
    return {}; // white space, and the closing fence if there is one
  return rest;
}

} // namespace ccapi::domain
