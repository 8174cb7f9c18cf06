#include "session.hpp"

#include "domain/ids.hpp"
#include "misbehave.hpp"
#include "models.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace fake_claude {

namespace json = boost::json;

namespace {

/// Steps of a turn that wait while this much output is unwritten.
constexpr std::size_t output_high_mark = 256 << 10;
/// How long a turn waits for the servers of its tools.
constexpr std::chrono::seconds servers_patience{60};

std::string version_of(const script& how) {
  return std::string{how.text("version", "2.1.330")};
}

standin::identity identity_of(const launch& how) {
  const auto version = version_of(how.defaults);
  return {.version = version,
          .model = resolved_model(how.model, version != "2.1.197"),
          .session_id = ccapi::domain::random_uuid(),
          .maker = "fake",
          .key_source = "ANTHROPIC_API_KEY",
          .call_cost = 0.001};
}

} // namespace

session::session(launch how, const ledger& book, clock::time_point now)
  : launch_{std::move(how)},
    book_{book},
    lines_{identity_of(launch_)},
    tools_{lines_, launch_.tools},
    control_{lines_, dialogue_, tools_, launch_.system_prompt},
    ready_at_{now + std::chrono::milliseconds{launch_.defaults.number("boot", 0)}} {
  if (book_.open())
    book_.write("start",
                {{"arguments", json::array(launch_.arguments.begin(), launch_.arguments.end())}});
  greets_ = lines_.newer()
            && std::find(launch_.arguments.begin(), launch_.arguments.end(), "--bare")
                 != launch_.arguments.end();
}

bool session::reads_stdin(clock::time_point now) const {
  return !eof_ && !hung_ && !deaf_ && now >= ready_at_;
}

std::optional<clock::time_point> session::wake_at(clock::time_point now) const {
  if (hung_ || exit_code_ || death_)
    return std::nullopt;
  if (waits_for_servers())
    return patience_;
  if (turn_ && !turn_->stands())
    return output_.size() < output_high_mark ? std::optional{next_step_} : std::nullopt;
  return now < ready_at_ ? std::optional{ready_at_} : std::nullopt;
}

void session::on_line(std::string_view line, clock::time_point now) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos || exit_code_)
    return;
  auto read = reader_.read(line);
  if (!read)
    return refuse_line(read.error().message);
  std::visit([&](auto& what) { take(what, now); }, *read);
}

void session::refuse_line(const std::string& why) {
  write_stderr(why + '\n');
  book_.write("refused", {{"why", why}});
  exit_code_ = 1;
}

void session::take(standin::user_line& line, clock::time_point now) {
  if (!line.query) {
    book_.write("seed", {{"role", "user"}, {"text", line.text}});
    if (lines_.newer()) { // a line of the past fixes the system prompt, too
      turn_ran_ = true;
      control_.fix_system_prompt();
    }
    lines_.settled(output_, line.uuid);
    dialogue_.add_user(std::move(line.uuid), with_residue(std::move(line.content)));
    return;
  }
  book_.write("prompt", {{"uuid", line.uuid},
                         {"text", line.text},
                         {"history", dialogue_.messages().size()},
                         {"overlap", turn_.has_value()}});
  if (turn_) {
    waiting_.push_back(std::move(line));
    return;
  }
  if (!line.command.empty()) {
    book_.write("slash", {{"text", line.command}});
    lines_.settled(output_, {}, "Unknown command: " + line.command);
    return;
  }
  start_turn(std::move(line), now);
}

void session::take(standin::assistant_line& line, clock::time_point /*now*/) {
  book_.write("seed", {{"role", "assistant"}, {"text", line.text}});
  lines_.lifecycle(output_, line.uuid, "completed");
  dialogue_.add_assistant(std::move(line.uuid), std::move(line.content));
}

void session::take(const standin::control_call& call, clock::time_point /*now*/) {
  const bool mute = launch_.defaults.has("mute") || (turn_ && turn_->how().has("ignore_interrupt"));
  book_.write(call.subtype == "interrupt" ? "interrupt" : "control",
              {{"subtype", call.subtype}, {"in_turn", turn_.has_value()}});
  if (!mute)
    answer(call);
}

void session::take(const standin::mcp_answer& answer, clock::time_point now) {
  if (tools_.take(output_, answer))
    return;
  const bool meant = turn_ && turn_->take(answer);
  book_.write("tool_answer", {{"meant", meant}});
  if (meant)
    next_step_ = now;
}

void session::take(const standin::other_line& line, clock::time_point /*now*/) {
  book_.write("ignored", {{"type", line.type}});
}

void session::answer(const standin::control_call& call) {
  if (call.subtype == "set_model")
    return set_model(call);
  if (call.subtype == "side_question") {
    book_.write("side_question", {{"sent", !headers_broken_}});
    return lines_.control_success(output_, call.request_id,
                                  headers_broken_
                                    ? R"({"response":"Invalid header name","synthetic":true})"
                                    : R"({"response":"fake aside","synthetic":false})");
  }
  apply(call.settings);
  if (call.subtype == "interrupt" && turn_)
    turn_->cancel_calls(output_);
  const auto known = dialogue_.messages().size();
  const auto rest = control_.answer(output_, call, turn_.has_value());
  if (call.subtype == "mcp_set_servers" && turn_)
    turn_->close_servers(tools_.removed());
  if (call.subtype == "rewind_conversation")
    book_.write("rewind",
                {{"target", call.target_uuid}, {"done", dialogue_.messages().size() < known}});
  if (rest == standin::after_control::interrupt)
    interrupt();
  else if (rest == standin::after_control::end)
    exit_code_ = 0;
}

void session::apply(const standin::flag_settings& settings) {
  if (settings.effort)
    effort_ = *settings.effort;
  // With a name that no header can have, the CLI's own HTTP layer sends nothing.
  if (const auto& headers = settings.headers)
    headers_broken_ = headers->substr(0, headers->find(':')).find(' ') != std::string::npos;
  if (!settings.extra_body)
    return;
  boost::system::error_code failure;
  const auto& text = *settings.extra_body;
  auto parsed = json::parse(text.empty() ? "{}" : text, failure);
  extra_body_ = !failure && parsed.is_object() ? parsed.get_object() : json::object{};
  book_.write("settings", {{"extra_body", extra_body_}});
}

void session::set_model(const standin::control_call& call) {
  const bool clean = lines_.newer() ? !turn_ran_ : launch_.model == call.model;
  launch_.model = call.model;
  lines_.change_model(resolved_model(call.model, lines_.newer()));
  if (!clean)
    residue_ = "<local-command-caveat>\n<command-name>/model</command-name>\n"
               "<local-command-stdout>Set model to "
               + call.model + "</local-command-stdout>\n";
  lines_.control_success(output_, call.request_id,
                         lines_.newer() ? R"({"model":")" + lines_.model() + "\"}" : std::string{});
}

standin::parts session::with_residue(standin::parts content) {
  auto all = standin::text_parts(std::exchange(residue_, {}));
  std::move(content.begin(), content.end(), std::back_inserter(all));
  return all;
}

void session::interrupt() {
  if (!turn_)
    return;
  turn_->interrupt(output_);
  end_turn();
}

void session::on_interrupt_signal() {
  interrupt();
  exit_code_ = 0;
}

void session::on_eof() {
  eof_ = true;
  book_.write("eof", {{"in_turn", turn_.has_value()}});
  if (turn_ && !launch_.defaults.has("ignore_eof"))
    turn_->close_calls();
  if (!turn_ && !launch_.defaults.has("ignore_eof"))
    exit_code_ = last_failed_ ? 1 : 0;
}

script session::script_for(const standin::user_line& line) const {
  auto how = launch_.defaults;
  how.add(line.text);
  if (line.text.find_first_not_of(" \t\r\n") != std::string::npos) {
    if (how.has("once") && !claim_once(how))
      how.drop_faults();
    return how;
  }
  const auto& known = dialogue_.messages();
  for (auto each = known.rbegin(); each != known.rend(); ++each)
    if (each->from_user && !each->text().empty()) {
      how.add(each->text());
      how.drop_faults(); // they were that turn's
      break;
    }
  return how;
}

void session::start_turn(standin::user_line line, clock::time_point now) {
  auto how = script_for(line);
  question_ = std::move(line.text);
  dialogue_.add_user(line.uuid, with_residue(std::move(line.content)));
  lines_.lifecycle(output_, line.uuid, "queued");
  turn_ran_ = true;
  control_.fix_system_prompt();
  deaf_ = deaf_ || how.has("no_read");
  if (how.has("wrong_session"))
    lines_.change_session(ccapi::domain::random_uuid());
  if (tools_.connecting() && !lines_.newer())
    tools_.connect_again(output_);
  turn_.emplace(std::move(how), std::move(line.uuid), lines_, tools_, dialogue_, book_);
  greeting_ = true;
  patience_ = now + servers_patience;
  next_step_ = now;
}

void session::ask_the_model() {
  if (std::exchange(greeting_, false))
    lines_.lifecycle(output_, turn_->prompt_uuid(), "started");
  const auto& how = turn_->how();
  const auto request = request_matters() ? upstream_request() : api_rules::request{};
  static const boost::json::object unseen;
  auto said =
    reply_to(how, request.body.is_object() ? request.body.get_object() : unseen, answer_to(how));
  said.refusal = refusal_of(request);
  if (const auto* limit = extra_body_.if_contains("max_tokens"); limit && how.has("honour"))
    said.max_tokens = limit->to_number<std::int64_t>();
  turn_->begin(std::move(said));
}

void session::on_time(clock::time_point now) {
  if (now >= ready_at_ && std::exchange(greets_, false))
    lines_.ui_invalidate(output_); // at the end of its start
  if (waits_for_servers() && now >= patience_)
    tools_.give_up();
  while (turn_ && !turn_->stands() && !waits_for_servers() && !hung_ && !death_ && !exit_code_
         && next_step_ <= now && output_.size() < output_high_mark)
    take_step();
}

void session::take_step() {
  if (turn_->wants_reply())
    ask_the_model();
  before_step();
  if (hung_ || death_)
    return;
  turn_->step(output_);
  next_step_ += turn_->pause();
  if (turn_->over())
    end_turn();
}

void session::before_step() {
  const auto& how = turn_->how();
  auto at = turn_->steps();
  if (at == how.number("garbage_at", -1))
    append_garbage(output_, how);
  if (at == how.number("giant_at", 4) && how.has("giant"))
    output_.append(static_cast<std::size_t>(how.number("giant", 0)), 'g');
  if (at == 3 && how.has("stderr"))
    flood_stderr(how.number("stderr", 0));
  if (at == 3 && how.has("grandchild"))
    book_.write("grandchild", {{"child", spawn_grandchild()}});
  if (at == 3 && how.has("unknown"))
    append_unknown(output_, lines_);
  if (at == how.number("hang_at", -1)) {
    hung_ = true;
    book_.write("hang");
  }
  if (how.has("die_at") && at == how.number("die_at", -1)) {
    death_ = std::string{how.part("die_at", 1).empty() ? "exit" : how.part("die_at", 1)};
    book_.write("die", {{"how", *death_}, {"at", at}});
  }
}

void session::end_turn() {
  last_failed_ = turn_->failed();
  lines_.lifecycle(output_, turn_->prompt_uuid(), last_failed_ ? "cancelled" : "completed");
  book_.write("result", {{"failed", last_failed_}});
  turn_.reset();
  if (!waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    start_turn(std::move(next), next_step_);
  } else if (eof_ && !launch_.defaults.has("ignore_eof")) {
    exit_code_ = last_failed_ ? 1 : 0;
  }
}

} // namespace fake_claude
