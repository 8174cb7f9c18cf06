// session, what the process's lines mean.

#include "claude/capabilities.hpp"
#include "claude/encoder.hpp"
#include "claude/rate_limit.hpp"
#include "claude/session.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::claude {

using domain::error_code;
using domain::process_state;
using domain::process_trigger;

namespace {

/// Lines in a row that are no JSON before the process counts as broken.
constexpr unsigned malformed_lines_max = 3;

/// Failures of a turn that say nothing about its process: a bad request, a busy API, a bill. A
/// process whose login was refused is not kept: only a new one reads new credentials for sure.
bool leaves_the_process_sound(error_code failure) noexcept {
  switch (failure) {
  case error_code::invalid_request:
  case error_code::context_length_exceeded:
  case error_code::request_too_large:
  case error_code::rate_limited:
  case error_code::insufficient_quota:
  case error_code::overloaded:
    return true;
  default:
    return false;
  }
}

/// What counts of an event for limits.answer_bytes_max.
std::size_t answer_bytes_of(const domain::event& what) noexcept {
  return std::holds_alternative<domain::reasoning_delta>(what) ? 0 : domain::credit_bytes(what);
}

/// Some lines are late words on what came before the query.
bool belongs_to_answer(const message& line) noexcept {
  return !std::holds_alternative<system_note>(line)
         && !std::holds_alternative<command_lifecycle>(line)
         && !std::holds_alternative<unknown>(line);
}

} // namespace

void session::on_line(std::string_view line, time_point now) {
  now_ = now;
  if (line.empty() || state_ == process_state::closing || state_ == process_state::gone)
    return;
  const auto meaning = decoder_.decode(line);
  const auto* read = std::get_if<message>(&meaning);
  if (!read) {
    if (mapper_)
      mapper_->on_unreadable_line();
    if (++malformed_in_a_row_ >= malformed_lines_max)
      lose(error_code::upstream_crash, "The Claude process wrote garbage.",
           "lines that are no JSON");
    return;
  }
  malformed_in_a_row_ = 0;
  if (const auto* response = std::get_if<control_response>(read))
    on_control_response(*response);
  else if (const auto* request = std::get_if<control_request>(read))
    on_control_request(*request);
  else
    on_turn_line(*read);
}

void session::on_control_request(const control_request& line) {
  std::string answer;
  switch (tools_.on_request(line, answer)) {
  case tool_channel::reaction::kept:
    return on_tool_call(line);
  case tool_channel::reaction::refused:
    if (line.method == "tools/call" && state_ == process_state::turn)
      return give_up(error_code::upstream_error, "The model called too many tools at once.",
                     "a call that can't be kept");
    deny(answer, line, "This gateway grants no permissions.");
    break;
  case tool_channel::reaction::answered:
    break;
  }
  out_.lines.push_back(std::move(answer));
}

void session::on_tool_call(const control_request& line) {
  if (state_ == process_state::interrupting)
    return; // it ends with the turn
  if (phase_ == phase::answering && mapper_ && mapper_->on_call(line.tool_use_id, out_.events))
    return judge_answer();
  // Its tool is declared, but the turn does not offer it; or the line that told of it was lost.
  if (mapper_)
    mapper_->on_foreign_call();
  const domain::tool_result_block none{
    .call_id = std::string{line.tool_use_id},
    .parts = {domain::text_block{"No such tool available: " + std::string{line.called_tool}}},
    .is_error = true};
  tools_.answer(none, out_.lines.emplace_back());
}

void session::on_control_response(const control_response& line) {
  const auto call = control_.finish(line.request_id);
  if (!call)
    return; // answered too late
  const bool may_be_refused =
    *call == control_call::interrupt || *call == control_call::rewind_conversation;
  if (!line.ok && !may_be_refused)
    return give_up(error_code::upstream_error, "The Claude process refused to be configured.",
                   std::string{to_string(*call)} + ": " + std::string{line.error});
  switch (*call) {
  case control_call::get_binary_version:
    return on_version(line.version);
  case control_call::initialize:
    if (std::exchange(prompt_awaited_, false))
      return settle_priming();
    return apply(process_trigger::configured);
  case control_call::apply_settings:
    if (state_ == process_state::turn && phase_ == phase::settings) {
      applied_ = order_->settings;
      phase_ = phase::seeding;
      send_seed();
    }
    return;
  case control_call::rewind_conversation:
    return on_rewind_answered(line.ok && line.rewound.value_or(false));
  case control_call::set_tool_server:
  case control_call::interrupt:
  case control_call::end_session:
    return; // the turn's result, or the exit, follows
  }
}

void session::on_version(std::string_view text) {
  const auto version = parse_version(text);
  if (version && check(*version) == support::too_old)
    return give_up(error_code::cli_unavailable,
                   "The installed Claude Code CLI is too old: version " + to_string(*version)
                     + "; at least " + to_string(oldest_supported) + " is needed.",
                   {});
  rewinds_to_nothing_ = version && rewinds_to_nothing(*version);
  ready_at_ = now_;
  version_ = text;
  out_.steps.push_back(session_step::report_boot);
  apply(process_trigger::boot_answered);
  if (state_ == process_state::booted && order_)
    apply(process_trigger::turn_ordered);
}

void session::on_rewind_answered(bool ok) {
  if (state_ == process_state::configuring) {
    if (ok)
      return apply(process_trigger::configured);
    out_.steps.push_back(session_step::report_spoiled);
    out_.steps.push_back(session_step::bounce_turn);
    return apply(process_trigger::turn_spoiled);
  }
  if (state_ == process_state::turn && phase_ == phase::rewinding)
    return on_rewound(ok);
  if (!ok) // 2.1.197 can't take back the first turn of a dialogue
    return apply(process_trigger::turn_spoiled);
  if (state_ == process_state::rewinding) {
    sent_.forget_last();
    out_.steps.push_back(session_step::mark_rewound);
  }
  apply(process_trigger::rewound);
}

void session::on_rewound(bool ok) {
  if (!ok) { // its dialogue is not what was thought: the turn is better off elsewhere
    out_.steps.push_back(session_step::bounce_turn);
    return apply(process_trigger::turn_spoiled);
  }
  if (--rewinds_left_ > 0)
    return;
  sent_.forget_questions(order_->rewinds);
  send_settings();
}

void session::on_turn_line(const message& line) {
  const auto* end = std::get_if<result>(&line);
  if (end)
    note_cost(*end);
  else if (const auto* told = std::get_if<rate_limit_event>(&line))
    out_.limits.push_back(rate_limit_of(*told));
  if (phase_ == phase::answering && mapper_)
    return on_answer_line(line);
  if (!end)
    return;
  if (phase_ == phase::leaving_run) {
    seed_deadline_.reset();
    tools_.forget_calls();
    run_.strayed = false;
    take_back();
  } else if (phase_ == phase::seeding && seed_deadline_) {
    if (end->is_error)
      return give_up(error_code::upstream_error,
                     "The dialogue could not be handed to the Claude process.",
                     std::string{end->text});
    send_seed();
  } else if (message_awaited_) {
    message_awaited_ = false;
    settle_priming();
  } else {
    lose(error_code::upstream_crash, "The Claude process answered out of turn.",
         "a result without a turn");
  }
}

void session::note_cost(const result& line) {
  // A CLI that has begun to count anew, or has lost count, is believed from here on.
  cost_before_ = std::min(cost_before_, line.total_cost_micro_usd);
  cost_told_ = line.total_cost_micro_usd;
}

void session::on_answer_line(const message& line) {
  answering_ = answering_ || belongs_to_answer(line);
  mapper_->on_message(line, out_.events);
  judge_answer();
}

void session::judge_answer() {
  if (!out_.events.empty() && !note_events())
    return give_up(error_code::upstream_error, "The answer is longer than limits.answer_bytes_max.",
                   {});
  if (mapper_->over()) {
    sent_.add_answer();
    ++turns_;
    tools_.forget_calls();
    apply(trigger_after_turn());
    run_ = {};
  } else if (mapper_->parked() && state_ == process_state::turn) {
    on_parked();
  } else if (mapper_->interrupt_wanted() && state_ == process_state::turn) {
    apply(process_trigger::interrupt);
  }
}

void session::on_parked() {
  tools_.put_in_order(mapper_->call_ids());
  sent_.add_answer();
  ++turns_;
  run_ = mapper_->run();
  apply(is_kept() ? process_trigger::turn_parked : process_trigger::turn_spoiled);
}

bool session::note_events() {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  for (auto event = out_.events.begin(); event != out_.events.end(); ++event) {
    if (auto* started = std::get_if<domain::answer_started>(&*event)) {
      const auto ready = std::max(ordered_at_, ready_at_);
      started->boot = duration_cast<microseconds>(ready - ordered_at_);
      started->setup = duration_cast<microseconds>(asked_at_ - ready);
      started->first = duration_cast<microseconds>(now_ - asked_at_);
    } else if (outcome_ != outcome::open) {
      continue; // nobody hears it
    } else if (const auto bytes = answer_bytes_of(*event)) {
      answer_bytes_ += bytes;
      if (answer_bytes_ > settings_.limits.answer_bytes_max) {
        out_.events.erase(event + 1, out_.events.end());
        return false;
      }
    } else if (const auto* failed = std::get_if<domain::turn_failed>(&*event)) {
      outcome_ = outcome::failed;
      failure_ = failed->failure.code;
    } else if (std::holds_alternative<domain::turn_finished>(*event)) {
      outcome_ = outcome::finished;
    }
  }
  return true;
}

bool session::is_kept() const noexcept {
  const auto turns_max = settings_.process_pool.turns_max;
  return settings_.claude.use_interactive_sessions && (turns_max == 0 || turns_ < turns_max);
}

process_trigger session::trigger_after_turn() const {
  const bool kept = is_kept();
  if (kept && outcome_ == outcome::finished && mapper_->reusable() && state_ == process_state::turn)
    return process_trigger::turn_ended;
  // An answer that was cut is taken back, too: with the next turn the CLI is told what the client
  // has of it.
  const bool sound = outcome_ != outcome::failed || leaves_the_process_sound(failure_);
  // Results can only be taken back with their question, which the client has an answer to.
  const bool undoable = mapper_->undoable() && !resuming_ && rewindable() > 0;
  return kept && sound && undoable ? process_trigger::turn_undone : process_trigger::turn_spoiled;
}

} // namespace ccapi::claude
