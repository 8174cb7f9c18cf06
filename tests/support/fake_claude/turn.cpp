#include "turn.hpp"

#include <cstdlib>
#include <fstream>

namespace fake_claude {

using ccapi::standin::block;

namespace {

/// Tokens of one API call; a different number per field, the same as the Messages API stand-in's.
constexpr ccapi::standin::token_usage call_usage{
  .input = 11, .output = 53, .cache_write = 23, .cache_read = 37};

ccapi::standin::token_usage usage_of(int calls) {
  return {.input = call_usage.input * calls,
          .output = call_usage.output * calls,
          .cache_write = call_usage.cache_write * calls,
          .cache_read = call_usage.cache_read * calls};
}

std::vector<std::string> fixture_lines(std::string_view name) {
  const char* folder = std::getenv("ANTHROPIC_FAKE_FIXTURES");
  std::ifstream file{(folder != nullptr ? std::string{folder} + '/' : std::string{})
                     + std::string{name}};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line + '\n');
  return lines;
}

/// What the CLI makes of a failed call; `said` by the API, empty for words of our own.
std::string error_text(std::int64_t status, const std::string& model, const std::string& said) {
  switch (status) {
  case 401:
    return "Invalid API key · Fix external API key";
  case 404:
    return "There's an issue with the selected model (" + model + "). It may not exist.";
  case 429:
    return "API Error: Request rejected (429) · fake";
  case 0:
    return "Not logged in · Please run /login";
  default:
    return "API Error: " + std::to_string(status) + ' '
           + (said.empty() ? "fake error " + std::to_string(status) : said);
  }
}

} // namespace

turn::turn(script how, std::string answer, std::string prompt_uuid,
           std::optional<std::int64_t> max_tokens, ccapi::standin::line_writer& lines,
           const ledger& book)
  : how_{std::move(how)},
    answer_{std::move(answer)},
    prompt_uuid_{std::move(prompt_uuid)},
    max_tokens_{max_tokens},
    lines_{lines},
    book_{book},
    source_{how_, answer_},
    stop_reason_{how_.text("stop", "end_turn")} {
  if (how_.has("fixture"))
    played_ = fixture_lines(how_.text("fixture"));
}

std::chrono::milliseconds turn::pause() const {
  if (phase_ == phase::error && retries_ > 0)
    return std::chrono::seconds{how_.number("retry_after", 0)};
  if (phase_ == phase::message_start || phase_ == phase::error)
    return std::chrono::milliseconds{how_.number("first", 0)};
  if (phase_ == phase::continuation)
    return std::chrono::milliseconds{how_.number("continue", 20)};
  if ((phase_ == phase::text && deltas_ > 0) || (phase_ == phase::thinking && thoughts_ > 0)
      || how_.has("fixture"))
    return std::chrono::milliseconds{how_.number("delay", 0)};
  return std::chrono::milliseconds{0};
}

void turn::step(std::string& out) {
  ++steps_;
  if (how_.has("fixture")) {
    if (static_cast<std::size_t>(steps_) <= played_.size())
      out += played_[static_cast<std::size_t>(steps_ - 1)];
    if (static_cast<std::size_t>(steps_) >= played_.size())
      phase_ = phase::over;
    return;
  }
  switch (phase_) {
  case phase::init:
    lines_.init(out);
    phase_ = phase::status;
    return;
  case phase::status:
    lines_.status(out);
    phase_ = how_.has("err") || refusal_ ? phase::error : phase::message_start;
    return;
  case phase::message_start:
    lines_.message_start(out, call_usage);
    next_ = source_.next();
    phase_ = how_.has("think") && !abandoned_ ? phase::thinking_start : phase::text_start;
    return;
  case phase::thinking_start:
    lines_.block_start(out, 0, block::thinking);
    phase_ = phase::thinking;
    return;
  case phase::thinking: {
    auto thought = "t" + std::to_string(thoughts_++) + ' ';
    thought_ += thought;
    lines_.delta(out, 0, block::thinking, thought);
    if (thoughts_ >= std::max<std::int64_t>(how_.number("think", 3), 1))
      phase_ = phase::thinking_whole;
    return;
  }
  case phase::thinking_whole:
    lines_.assistant(out, block::thinking, thought_);
    phase_ = phase::thinking_stop;
    return;
  case phase::thinking_stop:
    lines_.block_stop(out, 0);
    phase_ = phase::text_start;
    return;
  case phase::text_start:
    lines_.block_start(out, text_index(), block::text);
    phase_ = next_ ? phase::text : phase::text_whole;
    return;
  case phase::text:
    text_step(out);
    return;
  case phase::text_whole:
    lines_.assistant(out, block::text, said_);
    phase_ = phase::text_stop;
    return;
  case phase::text_stop:
    lines_.block_stop(out, text_index());
    phase_ = phase::message_delta;
    return;
  case phase::message_delta:
    if (stop_reason_ == "refusal")
      refuse(out);
    lines_.message_delta(out, stop_reason_, {}, call_usage.output);
    phase_ = phase::message_stop;
    return;
  case phase::message_stop:
    lines_.message_stop(out);
    phase_ = stop_reason_ == "max_tokens" ? phase::continuation : phase::result;
    return;
  case phase::continuation:
    go_on(out);
    return;
  case phase::error:
    fail(out);
    return;
  case phase::result:
    finish(out);
    return;
  case phase::over:
    return;
  }
}

void turn::text_step(std::string& out) {
  if (how_.has("abandon") && !abandoned_ && deltas_ == how_.number("abandon", 1)) {
    abandon(out);
    return;
  }
  lines_.delta(out, text_index(), block::text, *next_);
  book_.token(prompt_uuid_, *next_);
  said_ += *next_;
  ++deltas_;
  next_ = source_.next();
  if (next_ && max_tokens_ && deltas_ >= *max_tokens_) {
    stop_reason_ = "max_tokens";
    next_.reset();
  }
  if (!next_)
    phase_ = phase::text_whole;
}

void turn::abandon(std::string& out) {
  // The connection to the API was lost: this attempt is closed without a message_delta and the
  // whole answer comes once more.
  abandoned_ = true;
  lines_.block_stop(out, text_index());
  lines_.message_stop(out);
  lines_.api_retry(out, 1, 0, 1);
  source_ = answer_source{how_, answer_};
  said_.clear();
  deltas_ = 0;
  phase_ = phase::message_start;
}

void turn::refuse(std::string& out) {
  lines_.refusal_note(out);
  lines_.synthetic(out, "API Error: fake refusal", "refusal");
}

void turn::go_on(std::string& out) {
  if (lines_.newer())
    lines_.user_note(out, "Output token limit hit. Resume directly.");
  lines_.status(out);
  lines_.message_start(out, call_usage);
  lines_.block_start(out, 0, block::text);
  lines_.delta(out, 0, block::text, "CONTINUED");
  lines_.assistant(out, block::text, "CONTINUED");
  lines_.block_stop(out, 0);
  lines_.message_delta(out, "end_turn", {}, call_usage.output);
  lines_.message_stop(out);
  book_.token(prompt_uuid_, "CONTINUED");
  said_ = "CONTINUED";
  stop_reason_ = "end_turn";
  calls_ = 2;
  phase_ = phase::result;
}

void turn::fail(std::string& out) {
  auto status = refusal_ ? refusal_->status : how_.number("err", 0);
  auto wait = how_.number("retry_after", 0); // seconds; the CLI does not wait for more than 60
  if ((status == 429 || status == 529) && wait <= 60 && retries_ < 2) {
    lines_.api_retry(out, ++retries_, static_cast<int>(status), wait > 0 ? wait * 1000 : 1);
    return;
  }
  auto text = error_text(status, lines_.model(), refusal_ ? refusal_->text : std::string{});
  lines_.synthetic(out, text, "stop_sequence");
  lines_.error_result(out, static_cast<int>(status), text, "stop_sequence");
  failed_ = true;
  phase_ = phase::over;
}

void turn::finish(std::string& out) {
  if (stop_reason_ == "refusal") {
    lines_.error_result(out, 0, "API Error: fake refusal", "refusal");
    failed_ = true;
  } else {
    lines_.result(out, said_, stop_reason_, usage_of(calls_), calls_);
  }
  if (how_.has("result_twice"))
    lines_.result(out, said_, stop_reason_, usage_of(calls_), calls_);
  if (how_.has("late"))
    lines_.delta(out, 0, block::text, "LATE");
  phase_ = phase::over;
}

void turn::interrupt(std::string& out) {
  const bool open = phase_ > phase::message_start && phase_ < phase::message_stop;
  lines_.interrupted(out,
                     {.message = open,
                      .block = phase_ < phase::message_delta,
                      .unspoken = open && phase_ < phase::text_stop,
                      .index = text_index(),
                      .text = said_,
                      .output_tokens = call_usage.output},
                     phase_ == phase::continuation ? "max_tokens" : "");
  failed_ = true;
  interrupted_ = true;
  phase_ = phase::over;
}

} // namespace fake_claude
