#include "domain/turn/map_filter.hpp"

#include <utility>

namespace ccapi::domain {

namespace {

constexpr std::string_view entry_begin = R"({"key":")";
constexpr std::string_view value_begin = R"(,"value":)";

constexpr bool is_blank(char what) noexcept {
  return what == ' ' || what == '\t' || what == '\n' || what == '\r';
}

} // namespace

map_filter::map_filter(std::string_view name) {
  map_begin_.append(R"({")").append(name).append(R"(":[)");
}

std::string map_filter::pass(std::string_view piece) {
  std::string shown;
  shown.reserve(held_.size() + piece.size());
  for (const char next : piece)
    step(next, shown);
  return shown;
}

std::string map_filter::finish() {
  auto rest = std::exchange(held_, {});
  return state_ == state::object ? rest : std::string{};
}

void map_filter::step(char next, std::string& shown) {
  switch (state_) {
  case state::text:
    return step_text(next, shown);
  case state::string:
  case state::escape:
    return step_string(next, shown);
  case state::object:
    return step_object(next, shown);
  case state::first:
  case state::more:
  case state::next:
  case state::end:
    return step_list(next, shown);
  case state::entry:
  case state::value:
    return step_entry(next, shown);
  case state::key:
  case state::key_escape:
    return step_key(next, shown);
  case state::broken:
    shown += next;
  }
}

void map_filter::step_text(char next, std::string& shown) {
  if (next == '{') {
    matched_ = 0;
    state_ = state::object;
    return step_object(next, shown);
  }
  if (is_in(frame::entry) && next == '}') {
    around_.pop_back();
    state_ = state::more;
    return;
  }
  if (is_in(frame::entry) && (next == ',' || next == ']'))
    return break_off(next, shown);
  if (next == '[')
    enter(frame::plain);
  else if ((next == '}' || next == ']') && is_in(frame::plain))
    around_.pop_back();
  else if (next == '"')
    state_ = state::string;
  shown += next;
}

void map_filter::step_string(char next, std::string& shown) {
  shown += next;
  if (state_ == state::escape || next == '\\')
    state_ = state_ == state::escape ? state::string : state::escape;
  else if (next == '"')
    state_ = state::text;
}

void map_filter::step_object(char next, std::string& shown) {
  if (matches(map_begin_, next)) {
    if (!is_whole(map_begin_))
      return;
    shown += '{';
    enter(frame::empty_map);
    state_ = state::first;
    return;
  }
  // An object like any other: what was held behind its bracket passes.
  const auto held = std::exchange(held_, {}) + next;
  shown += held.front();
  enter(frame::plain);
  state_ = state::text;
  for (const char each : std::string_view{held}.substr(1))
    step(each, shown);
}

void map_filter::step_list(char next, std::string& shown) {
  if (is_blank(next))
    return;
  if (state_ == state::end && next == '}') {
    shown += next;
    around_.pop_back();
    state_ = state::text;
  } else if ((state_ == state::first || state_ == state::more) && next == ']') {
    state_ = state::end;
  } else if (state_ == state::more && next == ',') {
    state_ = state::next;
  } else if ((state_ == state::first || state_ == state::next) && next == '{') {
    matched_ = 0;
    state_ = state::entry;
    step_entry(next, shown);
  } else {
    break_off(next, shown);
  }
}

void map_filter::step_entry(char next, std::string& shown) {
  const bool is_key = state_ == state::entry;
  const auto wanted = is_key ? entry_begin : value_begin;
  if (!matches(wanted, next))
    return break_off(next, shown);
  if (!is_whole(wanted))
    return;
  if (is_key) {
    if (is_in(frame::map))
      shown += ',';
    around_.back() = static_cast<char>(frame::map);
    enter(frame::entry);
    shown += '"';
    state_ = state::key;
  } else {
    shown += ':';
    state_ = state::text;
  }
}

void map_filter::step_key(char next, std::string& shown) {
  shown += next;
  if (state_ == state::key_escape || next == '\\') {
    state_ = state_ == state::key_escape ? state::key : state::key_escape;
  } else if (next == '"') {
    matched_ = 0;
    state_ = state::value;
  }
}

bool map_filter::matches(std::string_view wanted, char next) {
  if (matched_ == 0)
    in_name_ = false;
  if (!in_name_ && is_blank(next)) {
    held_ += next;
    return true;
  }
  if (wanted[matched_] != next)
    return false;
  held_ += next;
  ++matched_;
  in_name_ = in_name_ != (next == '"');
  return true;
}

bool map_filter::is_whole(std::string_view wanted) {
  if (matched_ < wanted.size())
    return false;
  held_.clear();
  return true;
}

/// A bracket that closes nothing: no reader takes for JSON what has it.
void map_filter::break_off(char next, std::string& shown) {
  shown += ']';
  shown += std::exchange(held_, {});
  shown += next;
  state_ = state::broken;
}

} // namespace ccapi::domain
