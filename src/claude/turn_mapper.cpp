#include "claude/turn_mapper.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::claude {

namespace {

using domain::finish_reason;

/// Longer than any wait that the CLI announces.
constexpr std::chrono::milliseconds wait_max = std::chrono::hours{24 * 8};

/// More than any model reads or says in one call to the API. Counts come from outside: their sums
/// over the calls of a turn must not overflow.
constexpr std::int64_t tokens_max = 1'000'000'000'000;

/// Puts what a line tells over what earlier lines of the same API call told. message_delta repeats
/// the input counts in newer versions, sometimes as 0.
void apply(const token_counts& told, domain::usage& usage) {
  const auto put = [](const std::optional<std::int64_t>& value, std::int64_t& field) {
    if (value.value_or(0) > 0)
      field = std::min(*value, tokens_max);
  };
  put(told.input, usage.input_tokens);
  put(told.cache_write, usage.cache_write_tokens);
  put(told.cache_read, usage.cache_read_tokens);
  put(told.output, usage.output_tokens);
  put(told.thinking, usage.reasoning_tokens);
}

domain::usage sum(domain::usage a, const domain::usage& b) {
  return a += b;
}

/// The CLI does not end the turn on these, but asks the model to go on.
bool is_cut_by_length(std::string_view stop_reason) noexcept {
  return stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded";
}

finish_reason finish_reason_of(std::string_view stop_reason) noexcept {
  if (stop_reason == "refusal")
    return finish_reason::content_filter;
  return is_cut_by_length(stop_reason) ? finish_reason::length : finish_reason::stop;
}

domain::error upstream_failure(std::string message, std::string detail) {
  return {.code = domain::error_code::upstream_error,
          .message = std::move(message),
          .param = {},
          .detail = std::move(detail),
          .retry_after = std::nullopt,
          .retry_useful = false};
}

} // namespace

void turn_mapper::on_message(const message& line, std::vector<domain::event>& out) {
  std::visit([&](const auto& concrete) { on(concrete, out); }, line);
}

void turn_mapper::on(const message_start& line, events& out) {
  if (answered_ || !line.parent_tool_use_id.empty())
    return;
  if (call_.open && call_.shown) {
    fail_cut(out);
    return;
  }
  if (!call_.open && call_.stop_reason == "refusal") {
    // The CLI asks again by itself; the client already has the refused text.
    interrupt_wanted_ = true;
    finish(finish_reason::content_filter, out);
    return;
  }
  if (went_on_with_less(out))
    return;
  begin_call(line.id, line.model, line.usage, out);
}

void turn_mapper::on(const content_block_start& line, events& out) {
  if (!line.parent_tool_use_id.empty())
    return;
  call_.block_bytes = 0;
  if (answered_ || line.kind != "tool_use")
    return;
  if (!call_.open)
    begin_call({}, {}, {}, out);
  if (calls_.begin(line, out))
    call_.shown = visible_ = true;
  else
    run_.strayed = true; // the CLI, or the session, answers it
}

void turn_mapper::on(const content_block_stop& line, events& out) {
  if (!answered_ && line.parent_tool_use_id.empty())
    calls_.end_block(out);
}

void turn_mapper::on(const content_block_delta& line, events& out) {
  if (answered_ || line.text.empty() || !line.parent_tool_use_id.empty())
    return;
  if (line.kind == delta_kind::input_json)
    return calls_.add(line.text, out);
  if (line.kind != delta_kind::text && line.kind != delta_kind::thinking)
    return;
  if (!call_.open)
    begin_call({}, {}, {}, out); // its message_start was unreadable: rather that than lost text
  if (line.kind == delta_kind::text) {
    show_text(line.text, out);
    return;
  }
  call_.shown = visible_ = true;
  out.emplace_back(domain::reasoning_delta{std::string{line.text}});
}

void turn_mapper::on(const message_delta& line, events& out) {
  if (answered_ || !call_.open || !line.parent_tool_use_id.empty())
    return;
  apply(line.usage, call_.usage);
  stop_call(line.stop_reason, out);
}

void turn_mapper::on(const assistant& line, events& out) {
  if (line.synthetic()) {
    trouble_.assistant_error = line.error;
    refused_ =
      line.error == "invalid_request" ? std::optional{std::string{line.text}} : std::nullopt;
    return;
  }
  if (answered_ || line.id.empty() || !line.parent_tool_use_id.empty())
    return;
  const bool same_message = line.id == call_.id;
  if (same_message && call_.streamed)
    return;
  if (!same_message) {
    // A whole message that was never streamed: the CLI's second way, behind a stream that broke.
    if (call_.open && call_.shown) {
      fail_cut(out);
      return;
    }
    if (went_on_with_less(out))
      return;
    begin_call(line.id, line.model, line.usage, out);
    call_.streamed = false;
  }
  show_text(line.text, out);
  if (call_.open)
    stop_call(line.stop_reason, out);
}

void turn_mapper::on(const result& line, events& out) {
  over_ = true;
  if (answered_)
    return;
  if (refused(line)) {
    finish(finish_reason::content_filter, out);
    return;
  }
  if (line.is_error || line.subtype != "success") {
    fail(failure_of(line, trouble_, now_()), out);
    return;
  }
  if (!started_) {
    // The CLI took the text for something of its own. What it says is not the model's.
    fail(upstream_failure("The Claude CLI ended the turn without asking the model.",
                          "result without an answer of the model"),
         out);
    return;
  }
  if (call_.open) { // its message_delta was unreadable, or the message was never streamed
    if (line.stop_reason.empty()) {
      fail_cut(out);
      return;
    }
    stop_call(line.stop_reason, out);
    if (answered_)
      return;
  }
  if (has_gap(line)) {
    fail(upstream_failure("A part of the answer was lost: the Claude process wrote an unreadable "
                          "line.",
                          "the text of the result is not what came in pieces"),
         out);
    return;
  }
  const auto thinking = line.usage.thinking.value_or(0);
  call_.usage.reasoning_tokens =
    std::max(call_.usage.reasoning_tokens,
             thinking - run_.reasoning_tokens - finished_calls_.reasoning_tokens);
  const auto& stop = call_.stop_reason;
  reusable_ = (stop == "end_turn" || stop == "stop_sequence") && calls_finished_ == 1
              && !run_.strayed && !run_.rewritten && line.safety_stops == 0;
  if (!calls_.empty()) { // the CLI has not made them: their results are for another process
    reusable_ = false;
    finish(finish_reason::tool_calls, out);
    return;
  }
  finish(finish_reason_of(stop), out);
}

void turn_mapper::on(const api_retry& line, events& out) {
  trouble_.retry_status = line.error_status;
  trouble_.retry_error = line.error;
  const auto wait = std::min(std::chrono::milliseconds{line.delay_ms}, wait_max);
  trouble_.retry_delay = wait;
  if (answered_)
    return;
  if (call_.open) { // the attempt is lost; the next one starts from the beginning
    if (call_.shown) {
      fail_cut(out);
      return;
    }
    call_ = {};
  }
  if (visible_ || !too_long(wait))
    return;
  if (auto failure = failure_of_wait(trouble_, now_())) {
    interrupt_wanted_ = true;
    fail(std::move(*failure), out);
  }
}

void turn_mapper::on(const rate_limit_event& line, events&) {
  trouble_.rate_limit_rejected = line.status == "rejected";
  trouble_.rate_limit_resets_at = line.resets_at;
}

void turn_mapper::on(const system_init& line, events&) {
  if (model_.empty())
    model_ = line.model;
}

void turn_mapper::on(const stream_error& line, events&) {
  trouble_.stream_error = line.type;
}

void turn_mapper::on(const compact_boundary&, events&) {
  run_.rewritten = true;
}

void turn_mapper::on(const model_fallback&, events&) {
  run_.rewritten = true;
  run_.fell_back = true;
}

void turn_mapper::on(const model_refusal_fallback&, events&) {
  run_.rewritten = true;
  run_.fell_back = true;
}

void turn_mapper::on(const conversation_reset&, events&) {
  run_.rewritten = true;
}

void turn_mapper::begin_call(std::string_view id, std::string_view model, const token_counts& usage,
                             events& out) {
  if (!call_.open) // an attempt that is still open was dropped: its tokens are not counted
    finished_calls_ = sum(finished_calls_, call_.usage);
  call_ = {};
  call_.id = id;
  call_.open = true;
  apply(usage, call_.usage);
  if (!model.empty())
    model_ = model;
  if (!started_) {
    started_ = true;
    out.emplace_back(domain::answer_started{.model = model_, .fell_back = run_.fell_back});
  }
}

void turn_mapper::stop_call(std::string_view stop_reason, events& out) {
  if (stop_reason.empty())
    return;
  call_.open = false;
  call_.stop_reason = stop_reason;
  ++calls_finished_;
  if (is_cut_by_length(stop_reason)) {
    interrupt_wanted_ = true;
    finish(finish_reason::length, out);
  } else if (calls_.broken()) {
    interrupt_wanted_ = true; // the CLI would ask the model again; the client has the call
    fail(upstream_failure("The model called a tool with arguments that are no JSON object, or one "
                          "that is nested too deeply or has too many values.",
                          "broken arguments of a call"),
         out);
  } else if (stop_reason == "refusal" && !calls_.empty()) {
    interrupt_wanted_ = true; // the CLI may turn to us with them all the same
    finish(finish_reason::content_filter, out);
  } else {
    park_if_all_wait(out);
  }
}

run_so_far turn_mapper::run() const noexcept {
  auto so_far = run_;
  so_far.reasoning_tokens += sum(finished_calls_, call_.usage).reasoning_tokens;
  return so_far;
}

bool turn_mapper::on_call(std::string_view id, std::vector<domain::event>& out) {
  if (!calls_.note_kept(id))
    return false;
  if (!answered_)
    park_if_all_wait(out);
  return true;
}

/// Calls may come ahead of their answer's end and behind it.
void turn_mapper::park_if_all_wait(events& out) {
  // Whatever the reason: some versions of the CLI make the calls of every answer.
  if (call_.open || call_.stop_reason.empty() || calls_.empty() || !calls_.all_kept())
    return;
  parked_ = true;
  finish(finish_reason::tool_calls, out);
}

void turn_mapper::show_text(std::string_view text, events& out) {
  if (text.empty())
    return;
  call_.shown = visible_ = true;
  call_.text_bytes += text.size();
  call_.block_bytes += text.size();
  out.emplace_back(domain::text_delta{std::string{text}});
}

void turn_mapper::finish(finish_reason reason, events& out) {
  answered_ = true;
  out.emplace_back(domain::turn_finished{reason, sum(finished_calls_, call_.usage), model_});
}

void turn_mapper::fail(domain::error failure, events& out) {
  answered_ = true;
  if (visible_)
    failure.retry_useful = false;
  out.emplace_back(domain::turn_failed{std::move(failure)});
}

void turn_mapper::fail_cut(events& out) {
  interrupt_wanted_ = true;
  fail(upstream_failure("The answer was cut off upstream and cannot be continued.",
                        "the API call was lost behind visible text; last retry: "
                          + trouble_.retry_error),
       out);
}

/// The CLI asks again by itself where the API can't read a picture, without any picture of that
/// message: for an answer to something that the client has not said.
bool turn_mapper::went_on_with_less(events& out) {
  if (!refused_)
    return false;
  interrupt_wanted_ = true;
  fail(unreadable_picture(*refused_), out);
  return true;
}

bool turn_mapper::too_long(std::chrono::milliseconds wait) const {
  if (wait > patience_.longest)
    return true;
  const auto now = patience_.now();
  return now < patience_.until && wait > patience_.until - now;
}

bool turn_mapper::has_gap(const result& line) const {
  // The CLI gives the text of the last block, of the last message.
  return line_lost_ && line.text.size() != call_.block_bytes
         && line.text.size() != call_.text_bytes;
}

bool turn_mapper::refused(const result& line) const {
  if (line.api_error_status)
    return false;
  return line.stop_reason == "refusal" || (!call_.open && call_.stop_reason == "refusal");
}

} // namespace ccapi::claude
