#include "session.hpp"

#include "input.hpp"
#include "misbehave.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sys/random.h>
#include <unistd.h>
#include <utility>

namespace fake_claude {

namespace json = boost::json;

namespace {

/// Steps of a turn that wait while this much output is unwritten.
constexpr std::size_t output_high_mark = 256 << 10;

std::string random_uuid() {
  std::array<unsigned char, 16> bytes{};
  [[maybe_unused]] auto got = ::getrandom(bytes.data(), bytes.size(), 0);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      text += '-';
    text += digits[bytes[i] >> 4U];
    text += digits[bytes[i] & 0xfU];
  }
  return text;
}

std::string version_of(const script& how) {
  return std::string{how.text("version", "2.1.330")};
}

} // namespace

session::session(launch how, const ledger& book, clock::time_point now)
  : launch_{std::move(how)},
    book_{book},
    lines_{version_of(launch_.defaults), version_of(launch_.defaults) != "2.1.197", launch_.model,
           random_uuid()},
    ready_at_{now + std::chrono::milliseconds{launch_.defaults.number("boot", 0)}},
    system_prompt_{launch_.system_prompt} {
  if (book_.open())
    book_.write("start",
                {{"arguments", json::array(launch_.arguments.begin(), launch_.arguments.end())}});
  greets_ = lines_.newer()
            && std::find(launch_.arguments.begin(), launch_.arguments.end(), "--bare")
                 != launch_.arguments.end();
}

void session::accept(std::string_view uuid) {
  lines_.lifecycle(output_, uuid, "queued");
  lines_.lifecycle(output_, uuid, "started");
}

bool session::reads_stdin(clock::time_point now) const {
  return !eof_ && !hung_ && !deaf_ && now >= ready_at_;
}

std::optional<clock::time_point> session::wake_at(clock::time_point now) const {
  if (hung_ || exit_code_ || death_)
    return std::nullopt;
  if (turn_)
    return output_.size() < output_high_mark ? std::optional{next_step_} : std::nullopt;
  return now < ready_at_ ? std::optional{ready_at_} : std::nullopt;
}

void session::on_line(std::string_view line, clock::time_point now) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos || exit_code_)
    return;
  boost::system::error_code failure;
  auto parsed = json::parse(line, failure);
  if (failure) {
    refuse_line("Error parsing streaming input line: " + std::string{line.substr(0, 200)});
    return;
  }
  const auto* object = parsed.if_object();
  if (object == nullptr)
    return;
  auto type = text_of(*object, "type");
  if (type == "user")
    on_user(*object, now);
  else if (type == "assistant")
    on_assistant(*object);
  else if (type == "control_request")
    on_control(*object);
  else
    book_.write("ignored", {{"type", type}});
}

void session::refuse_line(const std::string& why) {
  write_stderr(why + '\n');
  book_.write("refused", {{"why", why}});
  exit_code_ = 1;
}

void session::on_user(const json::object& line, clock::time_point now) {
  const auto* message = object_of(line, "message");
  if (message == nullptr || text_of(*message, "role") != "user") {
    refuse_line("Error: user line without a user message");
    return;
  }
  auto content = content_of(*message);
  std::string uuid{text_of(line, "uuid")};
  const auto* query = line.if_contains("shouldQuery");
  if (query != nullptr && query->is_bool() && !query->get_bool()) {
    book_.write("seed", {{"role", "user"}, {"text", content.all}});
    dialogue_.add({"user", with_residue(content.all), uuid});
    turn_ran_ = turn_ran_ || lines_.newer(); // a line of the past fixes the system prompt, too
    accept(uuid);
    lines_.init(output_);
    lines_.result(output_, "", "", 0);
    lines_.lifecycle(output_, uuid, "completed");
    return;
  }
  book_.write("prompt", {{"uuid", uuid},
                         {"text", content.all},
                         {"history", dialogue_.size()},
                         {"overlap", turn_.has_value()}});
  if (turn_) {
    waiting_.push_back({"user", content.all, uuid});
    return;
  }
  if (is_slash_command(content.last)) {
    book_.write("slash", {{"text", content.last}});
    lines_.init(output_);
    lines_.result(output_, "Unknown command: " + content.last, "", 0);
    return;
  }
  start_turn(content.all, uuid, now);
}

void session::on_assistant(const json::object& line) {
  if (const auto* message = object_of(line, "message")) {
    auto content = content_of(*message);
    book_.write("seed", {{"role", "assistant"}, {"text", content.all}});
    dialogue_.add({"assistant", content.all, std::string{text_of(line, "uuid")}});
    lines_.lifecycle(output_, text_of(line, "uuid"), "completed");
  }
}

void session::on_control(const json::object& line) {
  auto id = text_of(line, "request_id");
  const auto* request = object_of(line, "request");
  if (request == nullptr) {
    refuse_line("Missing request on control_request");
    return;
  }
  auto subtype = text_of(*request, "subtype");
  bool mute = launch_.defaults.has("mute") || (turn_ && turn_->how().has("ignore_interrupt"));
  book_.write(subtype == "interrupt" ? "interrupt" : "control",
              {{"subtype", subtype}, {"in_turn", turn_.has_value()}});
  if (!mute)
    control(subtype, id, *request);
}

void session::control(std::string_view subtype, std::string_view id, const json::object& request) {
  if (subtype == "get_binary_version") {
    lines_.control_success(output_, id,
                           R"({"version":")" + lines_.version()
                             + R"(","buildTime":"2026-01-01T00:00:00Z"})");
  } else if (subtype == "initialize") {
    const auto* prompt = request.if_contains("systemPrompt");
    if (!initialized_ && !turn_ran_ && prompt != nullptr) {
      system_prompt_.clear();
      if (const auto* text = prompt->if_string())
        system_prompt_ = std::string_view{*text};
      else if (const auto* parts = prompt->if_array())
        for (const auto& part : *parts)
          if (const auto* piece = part.if_string())
            system_prompt_ += (system_prompt_.empty() ? "" : "\n\n") + std::string{*piece};
    }
    initialized_ = true;
    lines_.control_success(output_, id,
                           R"({"commands":[],"agents":[],"models":[],"pid":)"
                             + std::to_string(::getpid()) + "}");
  } else if (subtype == "apply_flag_settings") {
    apply_settings(request);
    lines_.control_success(output_, id, "");
  } else if (subtype == "set_model") {
    set_model(text_of(request, "model"), id);
  } else if (subtype == "side_question") {
    book_.write("side_question", {{"sent", !headers_broken_}});
    lines_.control_success(output_, id,
                           headers_broken_
                             ? R"({"response":"Invalid header name","synthetic":true})"
                             : R"({"response":"fake aside","synthetic":false})");
  } else if (subtype == "mcp_set_servers") {
    lines_.control_success(output_, id, R"({"added":[],"removed":[],"errors":{}})");
  } else if (subtype == "rewind_conversation") {
    if (auto answer = rewind(request); !answer.empty())
      lines_.control_success(output_, id, answer);
  } else if (subtype == "interrupt") {
    lines_.control_success(output_, id, lines_.newer() ? R"({"still_queued":[]})" : "");
    interrupt();
  } else if (subtype == "end_session") {
    lines_.control_success(output_, id, "");
    exit_code_ = 0;
  } else {
    lines_.control_error(output_, id,
                         "Unsupported control request subtype: " + std::string{subtype});
  }
}

void session::apply_settings(const json::object& request) {
  const auto* settings = object_of(request, "settings");
  if (settings != nullptr && settings->contains("effortLevel"))
    effort_ = text_of(*settings, "effortLevel");
  const auto* environment = settings != nullptr ? object_of(*settings, "env") : nullptr;
  if (environment != nullptr && environment->contains("ANTHROPIC_CUSTOM_HEADERS")) {
    // With a name that no header can have, the CLI's own HTTP layer sends nothing.
    auto headers = text_of(*environment, "ANTHROPIC_CUSTOM_HEADERS");
    headers_broken_ = headers.substr(0, headers.find(':')).find(' ') != std::string_view::npos;
  }
  if (environment == nullptr || !environment->contains("CLAUDE_CODE_EXTRA_BODY"))
    return;
  auto text = text_of(*environment, "CLAUDE_CODE_EXTRA_BODY");
  boost::system::error_code failure;
  auto parsed = json::parse(text.empty() ? std::string_view{"{}"} : text, failure);
  extra_body_ = !failure && parsed.is_object() ? parsed.get_object() : json::object{};
  book_.write("settings", {{"extra_body", extra_body_}});
}

void session::set_model(std::string_view model, std::string_view id) {
  bool same = launch_.model == model;
  launch_.model = model;
  lines_.change_model(model);
  bool clean = lines_.newer() ? !turn_ran_ : same;
  if (!clean)
    residue_ = "<local-command-caveat>\n<command-name>/model</command-name>\n"
               "<local-command-stdout>Set model to "
               + std::string{model} + "</local-command-stdout>\n";
  lines_.control_success(output_, id,
                         lines_.newer() ? R"({"model":")" + lines_.model() + "\"}" : std::string{});
}

std::string session::with_residue(std::string_view text) {
  return std::exchange(residue_, {}) + std::string{text};
}

std::string session::rewind(const json::object& request) {
  auto target = text_of(request, "target_message_uuid");
  if (target.empty() && !lines_.newer())
    return {}; // 2.1.197 never answers this
  auto done = turn_ ? dialogue::refused("stale target", lines_.newer())
                    : dialogue_.rewind(target, lines_.newer());
  book_.write("rewind", {{"target", target}, {"done", done.at("rewound").get_bool()}});
  return json::serialize(done);
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
  if (!turn_ && !launch_.defaults.has("ignore_eof"))
    exit_code_ = last_failed_ ? 1 : 0;
}

void session::start_turn(std::string text, std::string uuid, clock::time_point now) {
  auto how = launch_.defaults;
  how.add(text);
  if (how.has("once") && !claim_once(how))
    how.drop_faults();
  dialogue_.add({"user", with_residue(text), uuid});
  accept(uuid);
  turn_ran_ = true;
  deaf_ = deaf_ || how.has("no_read");
  if (how.has("wrong_session"))
    lines_.change_session(random_uuid());
  std::optional<std::int64_t> max_tokens;
  if (const auto* limit = extra_body_.if_contains("max_tokens"); limit && how.has("honour"))
    max_tokens = limit->to_number<std::int64_t>();
  auto answer = answer_to(how, text);
  turn_.emplace(std::move(how), std::move(answer), std::move(uuid), max_tokens, lines_, book_);
  ask_the_rules();
  next_step_ = now;
}

void session::on_time(clock::time_point now) {
  if (now >= ready_at_ && std::exchange(greets_, false))
    lines_.ui_invalidate(output_); // at the end of its start
  while (turn_ && !hung_ && !death_ && !exit_code_ && next_step_ <= now
         && output_.size() < output_high_mark)
    take_step();
}

void session::take_step() {
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
    lines_.unknown(output_);
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
  if (!turn_->said().empty())
    dialogue_.add({"assistant", turn_->said(), {}});
  if (turn_->interrupted())
    dialogue_.add({"user", "[Request interrupted by user]", {}});
  lines_.lifecycle(output_, turn_->prompt_uuid(), "completed");
  book_.write("result", {{"failed", last_failed_}});
  turn_.reset();
  if (!waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    start_turn(std::move(next.text), std::move(next.uuid), next_step_);
  } else if (eof_ && !launch_.defaults.has("ignore_eof")) {
    exit_code_ = last_failed_ ? 1 : 0;
  }
}

} // namespace fake_claude
