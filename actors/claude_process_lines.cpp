// claude_process, the reading half: what the child's lines, and the end of its pipes, mean.

#include "actors/claude_process.hpp"
#include "claude/capabilities.hpp"
#include "claude/encoder.hpp"

#include <utility>

namespace ccapi::actors {

namespace {

using domain::error_code;
using domain::process_state;
using domain::process_trigger;

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

/// Lines in a row that are no JSON before the process counts as broken.
constexpr unsigned malformed_lines_max = 3;

/// Some lines are late words on what came before the query.
bool belongs_to_answer(const claude::message& line) noexcept {
  return !std::holds_alternative<claude::system_note>(line)
         && !std::holds_alternative<claude::command_lifecycle>(line)
         && !std::holds_alternative<claude::unknown>(line);
}

} // namespace

// -- child_pipes::listener -----------------------------------------------------------------------

void claude_process::on_line(std::string_view line) {
  if (line.empty() || state_ == process_state::closing || state_ == process_state::gone)
    return;
  const auto decoded = decoder_.decode(line);
  count_lines();
  const auto* message = std::get_if<claude::message>(&decoded);
  if (!message) {
    if (mapper_)
      mapper_->on_unreadable_line();
    if (++malformed_in_a_row_ >= malformed_lines_max)
      lose(error_code::upstream_crash, "The Claude process wrote garbage.",
           "lines that are no JSON");
    return;
  }
  malformed_in_a_row_ = 0;
  if (const auto* response = std::get_if<claude::control_response>(message)) {
    on_control_response(*response);
  } else if (const auto* request = std::get_if<claude::control_request>(message)) {
    std::string answer;
    claude::deny(answer, *request, "This gateway grants no permissions.");
    write(std::move(answer));
  } else {
    on_turn_line(*message);
  }
}

void claude_process::on_lines_end() {
  if (turn_)
    turn_->flush();
  if (answer_deadline_ && answering_) { // else what came was for what was asked before the query
    answer_deadline_ = clock::now() + shard_.settings.claude.event_idle_timeout;
    arm_timer();
  }
}

void claude_process::on_input_drained() {
  if (state_ == process_state::turn && phase_ == phase::seeding && !seed_deadline_)
    send_seed();
}

void claude_process::on_pipes_failed(std::string_view why) {
  if (state_ != process_state::closing)
    lose(state_ == process_state::spawning ? error_code::cli_unavailable
                                           : error_code::upstream_crash,
         "The Claude process ended unexpectedly.", std::string{why});
  if (reaped_)
    // A message, because an actor can only quit while it handles one.
    send(this, child_exited{id_, {}});
}

// -- lines -------------------------------------------------------------------------------------

void claude_process::count_lines() {
  shard_.totals.cli_lines_unknown += decoder_.unknown_lines() - unknown_counted_;
  shard_.totals.cli_lines_malformed += decoder_.malformed_lines() - malformed_counted_;
  unknown_counted_ = decoder_.unknown_lines();
  malformed_counted_ = decoder_.malformed_lines();
}

void claude_process::on_control_response(const claude::control_response& line) {
  const auto call = control_.finish(line.request_id);
  if (!call)
    return; // answered too late
  const bool may_be_refused =
    *call == claude::control_call::interrupt || *call == claude::control_call::rewind_conversation;
  if (!line.ok && !may_be_refused) {
    give_up(error_code::upstream_error, "The Claude process refused to be configured.",
            std::string{to_string(*call)} + ": " + std::string{line.error});
    return;
  }
  switch (*call) {
  case claude::control_call::get_binary_version: {
    const auto version = claude::parse_version(line.version);
    if (version && claude::check(*version) == claude::support::too_old) {
      give_up(error_code::cli_unavailable,
              "The installed Claude Code CLI is too old: version " + claude::to_string(*version)
                + "; at least " + claude::to_string(claude::oldest_supported) + " is needed.",
              {});
      return;
    }
    rewinds_to_nothing_ = version && claude::rewinds_to_nothing(*version);
    ready_at_ = clock::now();
    send(shard_.supervisor, process_booted{.process = id_, .version = std::string{line.version}});
    apply(process_trigger::boot_answered);
    if (state_ == process_state::booted && turn_)
      apply(process_trigger::turn_ordered);
    return;
  }
  case claude::control_call::initialize:
    if (std::exchange(prompt_awaited_, false))
      return settle_priming();
    apply(process_trigger::configured);
    return;
  case claude::control_call::apply_settings:
    if (state_ == process_state::turn && phase_ == phase::settings) {
      applied_ = turn_->order().settings;
      phase_ = phase::seeding;
      send_seed();
    }
    return;
  case claude::control_call::rewind_conversation:
    on_rewind_answered(line.ok && line.rewound.value_or(false));
    return;
  case claude::control_call::interrupt:
  case claude::control_call::end_session:
    return; // the turn's result, or the exit, follows
  }
}

void claude_process::on_rewind_answered(bool ok) {
  if (state_ == process_state::configuring)
    return ok ? apply(process_trigger::configured) : spoil_priming();
  if (state_ == process_state::turn && phase_ == phase::rewinding)
    return on_rewound(ok);
  if (!ok) // 2.1.197 can't take back the first turn of a dialogue
    return apply(process_trigger::turn_spoiled);
  if (state_ == process_state::rewinding) {
    forget_last_told();
    turn_->taken_back();
  }
  apply(process_trigger::rewound);
}

domain::process_trigger claude_process::outcome_of_turn() const {
  const auto turns_max = shard_.settings.process_pool.turns_max;
  const bool kept =
    shard_.settings.claude.use_interactive_sessions && (turns_max == 0 || turns_ < turns_max);
  const bool finished = turn_->outcome() == turn_outcome::finished;
  if (kept && finished && mapper_->reusable() && state_ == process_state::turn)
    return process_trigger::turn_ended;
  // An answer that was cut is taken back, too: with the next turn the CLI is told what the client
  // has of it.
  const bool sound = !turn_->failure() || leaves_the_process_sound(turn_->failure()->code);
  return kept && sound && mapper_->undoable() && rewindable() > 0 ? process_trigger::turn_undone
                                                                  : process_trigger::turn_spoiled;
}

void claude_process::on_turn_line(const claude::message& line) {
  const auto* result = std::get_if<claude::result>(&line);
  answering_ = answering_ || (phase_ == phase::answering && belongs_to_answer(line));
  if (phase_ == phase::answering && mapper_) {
    events_.clear();
    mapper_->on_message(line, events_);
    for (auto& event : events_) {
      if (domain::is_terminal(event)) {
        turn_->conclude(std::move(event));
        continue;
      }
      deliver(std::move(event));
      if (!turn_)
        return; // the answer broke a limit, the turn is over
    }
    if (mapper_->over()) {
      answer_told_ = true;
      ++turns_;
      apply(outcome_of_turn());
    } else if (mapper_->interrupt_wanted() && state_ == process_state::turn) {
      apply(process_trigger::interrupt);
    }
  } else if (result && phase_ == phase::seeding && seed_deadline_) {
    if (result->is_error) {
      give_up(error_code::upstream_error, "The dialogue could not be handed to the Claude process.",
              std::string{result->text});
      return;
    }
    send_seed();
  } else if (result && message_awaited_) {
    message_awaited_ = false;
    settle_priming();
  } else if (result) {
    lose(error_code::upstream_crash, "The Claude process answered out of turn.",
         "a result without a turn");
  }
}

} // namespace ccapi::actors
