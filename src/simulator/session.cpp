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
/// How long a turn waits for the servers of its tools.
constexpr std::chrono::seconds servers_patience{60};

} // namespace

session::session(standin::tool_rules tools)
  : lines_{standin::identity{.version = dialect_version,
                             .model = model_name,
                             .session_id = domain::random_uuid(),
                             .maker = "demo"}},
    tools_{lines_, std::move(tools)} {}

void session::on_line(std::string_view line, clock::time_point now) {
  if (exit_code_ || line.find_first_not_of(" \t\r") == std::string_view::npos)
    return;
  auto read = reader_.read(line);
  if (!read)
    return fail(read.error().message);
  std::visit(
    [&](auto& what) {
      using kind = std::remove_cvref_t<decltype(what)>;
      if constexpr (!std::is_same_v<kind, standin::other_line>)
        handle(what, now);
    },
    *read);
}

void session::on_eof(clock::time_point now) {
  eof_ = true;
  if (turn_ && turn_->call) {
    calls_.close_all();
    go_on(now);
  }
  if (!turn_ && !exit_code_)
    exit_code_ = 0;
}

void session::on_time(clock::time_point now) {
  if (held_ && now >= patience_) {
    tools_.give_up();
    begin_turn(*std::exchange(held_, std::nullopt), now);
  }
  while (turn_ && !turn_->call && turn_->next <= now && output_.size() < output_high_mark) {
    if (turn_->said == turn_->text.deltas.size())
      return finish_turn();
    lines_.delta(output_, 0, standin::block::text, turn_->text.deltas[turn_->said++]);
    turn_->next += pace;
  }
}

std::optional<session::clock::time_point> session::wake_at() const {
  if (held_)
    return patience_;
  if (!turn_ || turn_->call || output_.size() >= output_high_mark)
    return std::nullopt;
  return turn_->next;
}

// -- lines ---------------------------------------------------------------------------------------

void session::handle(standin::user_line& line, clock::time_point now) {
  if (turn_ || held_)
    return fail("Error: a user message came in the middle of a turn");
  if (line.query && tools_.connecting()) {
    held_ = std::move(line);
    patience_ = now + servers_patience;
    return;
  }
  if (line.query)
    return begin_turn(std::move(line), now);
  control_.fix_system_prompt();
  lines_.settled(output_, line.uuid);
  dialogue_.add_user(std::move(line.uuid), std::move(line.content));
}

void session::handle(standin::assistant_line& line, clock::time_point /*now*/) {
  lines_.lifecycle(output_, line.uuid, "completed");
  dialogue_.add_assistant(std::move(line.uuid), std::move(line.content));
}

void session::handle(const standin::control_call& call, clock::time_point now) {
  if (const auto& body = call.settings.extra_body) {
    extra_body_ = *body;
    limits_ = read_limits(*body);
  }
  if (call.subtype == "interrupt")
    calls_.cancel(output_);
  switch (control_.answer(output_, call, turn_.has_value())) {
  case standin::after_control::nothing:
    if (call.subtype == "mcp_set_servers") {
      calls_.close(tools_.removed());
      go_on(now);
    }
    return;
  case standin::after_control::interrupt:
    return interrupt();
  case standin::after_control::end:
    exit_code_ = 0;
  }
}

void session::handle(const standin::mcp_answer& answer, clock::time_point now) {
  if (tools_.take(output_, answer)) {
    if (held_ && !tools_.connecting())
      begin_turn(*std::exchange(held_, std::nullopt), now);
  } else if (calls_.take(answer)) {
    go_on(now);
  }
}

// -- the turn ------------------------------------------------------------------------------------

void session::begin_turn(standin::user_line line, clock::time_point now) {
  control_.fix_system_prompt();
  turn_.emplace();
  turn_->uuid = line.uuid;
  lines_.accepted(output_, turn_->uuid);
  lines_.init(output_);
  const bool answers = standin::has(line.content, standin::part::kind::tool_result);
  auto text = answers ? results_text(line.content) : std::string{};
  dialogue_.add_user(std::move(line.uuid), std::move(line.content));
  if (const auto wanted = answers ? std::nullopt : call_for(line.text, extra_body_))
    return make_call(*wanted, now);
  if (!answers)
    text = answer_text(line.text, dialogue_.messages(), control_.system_prompt().size());
  begin_answer(std::move(text), now);
}

void session::make_call(const wanted_call& wanted, clock::time_point now) {
  auto id = "toolu_" + domain::random_uuid();
  std::erase(id, '-');
  turn_->call = standin::part{.what = standin::part::kind::tool_use,
                              .id = std::move(id),
                              .name = wanted.name,
                              .json = wanted.arguments};
  const auto& call = *turn_->call;
  ++turn_->api_calls;
  lines_.status(output_);
  lines_.message_start(output_, {});
  lines_.tool_start(output_, 0, call.id, call.name);
  lines_.delta(output_, 0, standin::block::tool_use, call.json);
  lines_.assistant_call(output_, call);
  lines_.block_stop(output_, 0);
  calls_.add(call.id, call.name, call.json);
  while (calls_.next_line(output_)) {
  }
  lines_.message_delta(output_, "tool_use", {}, 1);
  lines_.message_stop(output_);
  go_on(now);
}

void session::go_on(clock::time_point now) {
  while (calls_.next_line(output_)) {
  }
  if (!turn_ || !turn_->call || !calls_.finished())
    return;
  auto results = calls_.take_results();
  auto text = results_text(results);
  dialogue_.add_assistant({}, standin::parts{*std::exchange(turn_->call, std::nullopt)});
  dialogue_.add_user({}, std::move(results));
  begin_answer(std::move(text), now);
}

void session::begin_answer(std::string text, clock::time_point now) {
  if (auto formed = answer_in_form(extra_body_))
    text = *std::move(formed);
  const auto& known = dialogue_.messages();
  const auto bytes = std::accumulate(
    known.begin(), known.end(), control_.system_prompt().size(),
    [](std::size_t sum, const standin::spoken& each) { return sum + each.text().size(); });
  turn_->text = cut(text, limits_);
  turn_->input_tokens = tokens_of(bytes);
  turn_->next = now + pace;
  ++turn_->api_calls;
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
  lines_.result(output_, text, stop_reason, usage, turn_->api_calls);
  end_turn(std::move(text));
}

void session::interrupt() {
  if (!turn_)
    return;
  if (calls_.end(output_)) {
    lines_.interrupted_calls(output_, {});
    dialogue_.add_assistant({}, standin::parts{*turn_->call});
    dialogue_.add_user({}, calls_.take_results());
    end_turn({});
    dialogue_.add_user({}, "[Request interrupted by user for tool use]");
    return;
  }
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
