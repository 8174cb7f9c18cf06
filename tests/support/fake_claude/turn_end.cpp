// How turns end, and what is remembered of them.

#include "turn.hpp"

#include <algorithm>
#include <utility>

namespace fake_claude {

using ccapi::standin::block;

namespace {

ccapi::standin::token_usage usage_of(int calls) {
  return {.input = call_usage.input * calls,
          .output = call_usage.output * calls,
          .cache_write = call_usage.cache_write * calls,
          .cache_read = call_usage.cache_read * calls};
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

void turn::remember(bool interrupted) {
  ccapi::standin::parts answer;
  for (std::size_t at = 0; at < blocks_.size() && at <= index_; ++at) {
    auto& block = blocks_[at];
    const bool whole = at < index_ || phase_ == phase::block_stop;
    if (block.what == ccapi::standin::block::text && !said_.empty()) {
      block.made.text = said_;
      answer.push_back(block.made);
    } else if (block.what != ccapi::standin::block::text && whole) {
      answer.push_back(block.made);
      if (block.what == ccapi::standin::block::tool_use)
        answer.back().text.clear();
    }
  }
  if (!answer.empty())
    known_.add_assistant({}, std::move(answer));
  if (auto results = calls_.take_results(); !results.empty())
    known_.add_user({}, std::move(results));
  if (interrupted)
    known_.add_user({}, phase_ == phase::parked ? "[Request interrupted by user for tool use]"
                                                : "[Request interrupted by user]");
}

void turn::abandon(std::string& out) {
  // The connection to the API was lost: this attempt is closed without a message_delta and the
  // whole answer comes once more.
  abandoned_ = true;
  lines_.block_stop(out, index());
  lines_.message_stop(out);
  lines_.api_retry(out, 1, 0, 1);
  begin(std::move(reply_));
  --api_calls_;
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
  ++api_calls_;
  phase_ = phase::result;
}

void turn::fail(std::string& out) {
  auto status = reply_.refusal ? reply_.refusal->status : how_.number("err", 0);
  auto wait = how_.number("retry_after", 0); // seconds; the CLI does not wait for more than 60
  if ((status == 429 || status == 529) && wait <= 60 && retries_ < 2) {
    lines_.api_retry(out, ++retries_, static_cast<int>(status), wait > 0 ? wait * 1000 : 1);
    return;
  }
  auto text = error_text(status, lines_.model(), reply_.refusal ? reply_.refusal->text : "");
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
    lines_.result(out, said_, stop_reason_, usage_of(api_calls_), api_calls_);
  }
  if (how_.has("result_twice"))
    lines_.result(out, said_, stop_reason_, usage_of(api_calls_), api_calls_);
  if (how_.has("late"))
    lines_.delta(out, 0, block::text, "LATE");
  remember(false);
  phase_ = phase::over;
}

void turn::interrupt(std::string& out) {
  const bool open = phase_ > phase::message_start && phase_ < phase::message_stop;
  const bool called = calls_.end(out);
  if (called && !open && phase_ != phase::message_stop) {
    lines_.interrupted_calls(out, usage_of(api_calls_));
  } else {
    const bool in_text = index_ < blocks_.size() && now().what != block::tool_use;
    const auto before = std::max(api_calls_ - 1, 0);
    lines_.interrupted(out,
                       {.message = open,
                        .block = phase_ < phase::message_delta && in_text,
                        .unspoken = open && in_text && phase_ < phase::block_stop,
                        .index = index(),
                        .text = said_,
                        .output_tokens = call_usage.output,
                        .finished = usage_of(before)},
                       phase_ == phase::continuation ? "max_tokens"
                       : before > 0                  ? "tool_use"
                                                     : "");
  }
  remember(true);
  failed_ = true;
  phase_ = phase::over;
}

} // namespace fake_claude
