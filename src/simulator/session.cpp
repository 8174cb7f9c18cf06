#include "simulator/session.hpp"

#include "domain/ids.hpp"
#include "simulator/simulator.hpp"

#include <numeric>
#include <type_traits>
#include <utility>

namespace ccapi::simulator {

namespace {

/// While this much is unwritten, the turn waits: the reader is slow.
constexpr std::size_t output_high_mark = std::size_t{256} << 10;

} // namespace

session::session()
  : lines_{standin::identity{.version = dialect_version,
                             .model = model_name,
                             .session_id = domain::random_uuid(),
                             .maker = "demo"}} {}

void session::on_line(std::string_view line, clock::time_point now) {
  if (exit_code_ || line.find_first_not_of(" \t\r") == std::string_view::npos)
    return;
  auto read = reader_.read(line);
  if (!read)
    return fail(read.error().message);
  std::visit(
    [&](auto& what) {
      using kind = std::remove_cvref_t<decltype(what)>;
      if constexpr (std::is_same_v<kind, standin::user_line>)
        handle(what, now);
      else if constexpr (!std::is_same_v<kind, standin::other_line>)
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
    lines_.delta(output_, 0, standin::block::text, turn_->text.deltas[turn_->said++]);
    turn_->next += pace;
  }
}

std::optional<session::clock::time_point> session::wake_at() const {
  if (!turn_ || output_.size() >= output_high_mark)
    return std::nullopt;
  return turn_->next;
}

// -- lines ---------------------------------------------------------------------------------------

void session::handle(standin::user_line& line, clock::time_point now) {
  if (turn_)
    return fail("Error: a user message came in the middle of a turn");
  if (line.query)
    return begin_turn(std::move(line.uuid), std::move(line.text), now);
  control_.fix_system_prompt();
  lines_.settled(output_, line.uuid);
  dialogue_.add_user(std::move(line.uuid), std::move(line.text));
}

void session::handle(standin::assistant_line& line) {
  lines_.lifecycle(output_, line.uuid, "completed");
  dialogue_.add_assistant(std::move(line.uuid), std::move(line.text));
}

void session::handle(const standin::control_call& call) {
  if (const auto& body = call.settings.extra_body)
    limits_ = read_limits(*body);
  switch (control_.answer(output_, call, turn_.has_value())) {
  case standin::after_control::nothing:
    return;
  case standin::after_control::interrupt:
    return interrupt();
  case standin::after_control::end:
    exit_code_ = 0;
  }
}

void session::handle(const standin::mcp_answer& answer) {
  tools_.take(output_, answer);
}

// -- the turn ------------------------------------------------------------------------------------

void session::begin_turn(std::string uuid, std::string question, clock::time_point now) {
  control_.fix_system_prompt();
  dialogue_.add_user(uuid, question);
  const auto& known = dialogue_.messages();
  const auto prompt_bytes = control_.system_prompt().size();
  const auto bytes = std::accumulate(
    known.begin(), known.end(), prompt_bytes,
    [](std::size_t sum, const standin::spoken& each) { return sum + each.text().size(); });
  turn_.emplace(turn{.uuid = std::move(uuid),
                     .text = cut(answer_text(question, known, prompt_bytes), limits_),
                     .said = 0,
                     .input_tokens = tokens_of(bytes),
                     .next = now + pace});
  lines_.accepted(output_, turn_->uuid);
  lines_.init(output_);
  lines_.status(output_);
  lines_.message_start(output_, {.input = turn_->input_tokens});
  lines_.block_start(output_, 0, standin::block::text);
}

std::string session::said() const {
  std::string text;
  for (std::size_t i = 0; i < turn_->said; ++i)
    text += turn_->text.deltas[i];
  return text;
}

void session::finish_turn() {
  auto text = said();
  const auto& [deltas, stop_reason, stop_sequence] = turn_->text;
  const standin::token_usage usage{.input = turn_->input_tokens,
                                   .output = static_cast<std::int64_t>(deltas.size())};
  lines_.assistant(output_, standin::block::text, text);
  lines_.block_stop(output_, 0);
  lines_.message_delta(output_, stop_reason, stop_sequence, usage.output);
  lines_.message_stop(output_);
  lines_.result(output_, text, stop_reason, usage, 1);
  end_turn(std::move(text));
}

void session::interrupt() {
  if (!turn_)
    return;
  auto text = said();
  lines_.interrupted(output_, {.message = true,
                               .block = true,
                               .unspoken = true,
                               .text = text,
                               .output_tokens = static_cast<std::int64_t>(turn_->said)});
  end_turn(std::move(text));
  dialogue_.add_user({}, "[Request interrupted by user]");
}

void session::end_turn(std::string text) {
  lines_.lifecycle(output_, turn_->uuid, "completed");
  if (!text.empty())
    dialogue_.add_assistant({}, std::move(text));
  turn_.reset();
  if (eof_)
    exit_code_ = 0;
}

void session::fail(std::string why) {
  complaint_ = std::move(why);
  exit_code_ = 1;
}

} // namespace ccapi::simulator
