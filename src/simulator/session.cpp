#include "simulator/session.hpp"

#include "simulator/simulator.hpp"

#include <type_traits>
#include <utility>

namespace ccapi::simulator {

namespace {

/// While this much is unwritten, the turn waits: the reader is slow.
constexpr std::size_t output_high_mark = std::size_t{256} << 10;

} // namespace

void session::on_line(std::string_view line, clock::time_point now) {
  if (exit_code_ || line.find_first_not_of(" \t\r") == std::string_view::npos)
    return;
  auto read = reader_.read(line);
  if (!read)
    return fail("Error parsing streaming input line: " + read.error().message);
  std::visit(
    [&](auto& what) {
      using kind = std::remove_cvref_t<decltype(what)>;
      if constexpr (std::is_same_v<kind, user_said>)
        handle(what, now);
      else if constexpr (!std::is_same_v<kind, ignored>)
        handle(what);
    },
    *read);
}

void session::on_eof() {
  eof_ = true;
  if (!turn_ && !exit_code_)
    exit_code_ = 0;
}

void session::on_time(clock::time_point now) {
  while (turn_ && turn_->next <= now && output_.size() < output_high_mark) {
    if (turn_->said == turn_->text.deltas.size())
      return finish_turn();
    lines_.delta(output_, turn_->text.deltas[turn_->said++]);
    turn_->next += pace;
  }
}

std::optional<session::clock::time_point> session::wake_at() const {
  if (!turn_ || output_.size() >= output_high_mark)
    return std::nullopt;
  return turn_->next;
}

// -- lines ---------------------------------------------------------------------------------------

void session::handle(user_said& line, clock::time_point now) {
  if (turn_)
    return fail("Error: a user message came in the middle of a turn");
  dialogue_.add_user(std::move(line.uuid), line.text);
  if (line.query)
    return begin_turn(line.text, now);
  lines_.init(output_);
  lines_.result(output_, {}, {}, {});
}

void session::handle(const assistant_said& line) {
  dialogue_.add_assistant(line.text);
}

void session::handle(const control_call& call) {
  const auto& id = call.request_id;
  if (call.subtype == "get_binary_version") {
    lines_.control_success(output_, id, R"({"version":")" + std::string{dialect_version} + "\"}");
  } else if (call.subtype == "initialize") {
    if (!std::exchange(prompt_fixed_, true))
      system_prompt_bytes_ = call.system_prompt.size();
    lines_.control_success(output_, id, R"({"commands":[],"agents":[],"models":[]})");
  } else if (call.subtype == "apply_flag_settings") {
    if (call.limits)
      limits_ = *call.limits;
    lines_.control_success(output_, id, {});
  } else if (call.subtype == "rewind_conversation") {
    const bool done = !turn_ && dialogue_.rewind(call.target_uuid);
    lines_.control_success(
      output_, id, done ? R"({"rewound":true})" : R"({"rewound":false,"error":"stale target"})");
  } else if (call.subtype == "interrupt") {
    lines_.control_success(output_, id, R"({"still_queued":[]})");
    interrupt();
  } else if (call.subtype == "end_session") {
    lines_.control_success(output_, id, {});
    exit_code_ = 0;
  } else {
    lines_.control_error(output_, id, "Unsupported control request subtype: " + call.subtype);
  }
}

// -- the turn ------------------------------------------------------------------------------------

void session::begin_turn(std::string_view question, clock::time_point now) {
  prompt_fixed_ = true;
  turn_.emplace(turn{.text = cut(answer_text(question, dialogue_, system_prompt_bytes_), limits_),
                     .said = 0,
                     .input_tokens = tokens_of(dialogue_.bytes() + system_prompt_bytes_),
                     .next = now + pace});
  lines_.init(output_);
  lines_.status(output_);
  lines_.message_start(output_, turn_->input_tokens);
  lines_.block_start(output_);
}

std::string session::said() const {
  std::string text;
  for (std::size_t i = 0; i < turn_->said; ++i)
    text += turn_->text.deltas[i];
  return text;
}

void session::finish_turn() {
  const auto text = said();
  const auto& [deltas, stop_reason, stop_sequence] = turn_->text;
  const token_usage usage{turn_->input_tokens, static_cast<std::int64_t>(deltas.size())};
  lines_.assistant(output_, text, usage.input);
  lines_.block_stop(output_);
  lines_.message_delta(output_, stop_reason, stop_sequence, usage.output);
  lines_.message_stop(output_);
  lines_.result(output_, text, stop_reason, usage);
  dialogue_.add_assistant(text);
  turn_.reset();
  if (eof_)
    exit_code_ = 0;
}

void session::interrupt() {
  if (!turn_)
    return;
  const auto text = said();
  if (!text.empty())
    lines_.assistant(output_, text, turn_->input_tokens);
  lines_.interrupted_note(output_);
  lines_.block_stop(output_);
  lines_.message_delta(output_, {}, {}, static_cast<std::int64_t>(turn_->said));
  lines_.message_stop(output_);
  lines_.interrupted_result(output_);
  if (!text.empty())
    dialogue_.add_assistant(text);
  dialogue_.add_user({}, "[Request interrupted by user]");
  turn_.reset();
  if (eof_)
    exit_code_ = 0;
}

void session::fail(std::string why) {
  complaint_ = std::move(why);
  exit_code_ = 1;
}

} // namespace ccapi::simulator
