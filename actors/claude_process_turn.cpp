// claude_process, the writing half: what the child is told, from its system prompt to the question.

#include "actors/claude_process.hpp"
#include "claude/encoder.hpp"
#include "domain/ids.hpp"
#include "domain/turn_plan.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::actors {

// They are written all at once.
static_assert(domain::rewinds_max < claude::control_channel::pending_max);

namespace {

using domain::error_code;
using domain::process_state;
using domain::process_trigger;

} // namespace

template <class Encode>
void claude_process::send_control(claude::control_call call, std::chrono::milliseconds timeout,
                                  Encode encode) {
  const auto id = control_.begin(call, clock::now() + timeout);
  if (id.empty())
    return lose(error_code::upstream_crash, "The Claude process does not answer.",
                "too many open control requests");
  std::string line;
  encode(line, id);
  write(std::move(line));
  arm_timer();
}

void claude_process::configure() {
  if (primed_) {
    if (message_awaited_)
      seed_deadline_ = clock::now() + shard_.settings.claude.control_timeout;
    arm_timer();
    return settle_priming();
  }
  if (turn_->order().system_prompt.empty())
    apply(process_trigger::configured); // argv has set the empty one
  else
    send_control(claude::control_call::initialize, shard_.settings.claude.control_timeout,
                 [this](std::string& line, std::string_view id) {
                   claude::initialize(line, id, turn_->order().system_prompt);
                 });
}

void claude_process::settle_priming() {
  if (state_ != process_state::configuring || prompt_awaited_ || message_awaited_)
    return;
  seed_deadline_.reset();
  if (primed_->message.empty())
    apply(process_trigger::configured);
  else
    send_rewind_of(primed_->message, shard_.settings.claude.control_timeout);
}

void claude_process::spoil_priming() {
  send(shard_.supervisor, priming_failed{id_});
  turn_->give_back();
  apply(process_trigger::turn_spoiled);
}

void claude_process::begin_turn() {
  if (turn_->order().rewinds > 0)
    rewind_to_start();
  else
    send_settings();
}

/// All at once: the CLI keeps the order, and one that it refuses changes nothing (measured).
void claude_process::rewind_to_start() {
  if (turn_->order().rewinds > rewindable())
    return on_rewound(false);
  phase_ = phase::rewinding;
  rewinds_left_ = turn_->order().rewinds;
  for (std::size_t back = 1; back <= turn_->order().rewinds && phase_ == phase::rewinding; ++back)
    send_rewind_of(told_[told_.size() - back].uuid, shard_.settings.claude.control_timeout);
}

void claude_process::on_rewound(bool ok) {
  if (!ok) { // its dialogue is not what was thought: the turn is better off elsewhere
    turn_->give_back();
    return apply(process_trigger::turn_spoiled);
  }
  if (--rewinds_left_ > 0)
    return;
  for (auto count = turn_->order().rewinds; count > 0; --count)
    forget_last_told();
  send_settings();
}

void claude_process::send_settings() {
  if (turn_->order().settings == applied_) {
    phase_ = phase::seeding;
    send_seed();
  } else {
    phase_ = phase::settings;
    send_control(claude::control_call::apply_settings, shard_.settings.claude.control_timeout,
                 [this](std::string& line, std::string_view id) {
                   claude::apply_settings(line, id, turn_->order().settings);
                 });
  }
}

void claude_process::send_seed() {
  seed_deadline_.reset();
  while (seeded_ < turn_->order().seed.size()) {
    const auto& entry = turn_->order().seed[seeded_++];
    if (entry.content.empty()) { // the CLI drops these anyway
      if (entry.role == domain::role::user)
        note_told({});
      continue;
    }
    std::string line;
    if (entry.role == domain::role::user) {
      // Its result must come before the next line, else the CLI mixes up the order.
      note_told(domain::random_uuid());
      claude::seed_user_line(line, told_.back().uuid, entry);
      seed_deadline_ = clock::now() + shard_.settings.claude.control_timeout;
      arm_timer();
      write(std::move(line));
      return;
    }
    answer_told_ = true;
    claude::seed_assistant_line(line, domain::random_uuid(), "msg_" + domain::random_hex_128(),
                                entry);
    write(std::move(line));
    if (state_ != process_state::turn || !pipes_->input_idle())
      return; // goes on when the pipe has taken it
  }
  send_query();
}

void claude_process::send_query() {
  asked_at_ = clock::now();
  const auto patience = shard_.settings.limits.stream_header_delay;
  mapper_.emplace(&std::chrono::system_clock::now,
                  claude::retry_patience{.longest = patience, .until = asked_at_ + patience});
  phase_ = phase::answering;
  answering_ = false;
  answer_deadline_ = asked_at_ + shard_.settings.claude.first_event_timeout;
  arm_timer();
  deliver(domain::question_sent{});
  turn_->flush(); // how long the client is kept waiting for a status counts from here
  std::string line;
  note_told(domain::random_uuid());
  claude::user_line(line, told_.back().uuid, turn_->order().query);
  write(std::move(line));
}

void claude_process::note_told(std::string uuid) {
  told_.push_back({std::move(uuid), answer_told_});
}

void claude_process::forget_last_told() {
  if (told_.empty())
    return;
  answer_told_ = told_.back().answer_before;
  told_.pop_back();
}

std::size_t claude_process::rewindable() const noexcept {
  // What the CLI was not told it can't take back; what it was told behind that would stay.
  const auto stuck = [this](const told_line& line) {
    return line.uuid.empty() || (!rewinds_to_nothing_ && !line.answer_before);
  };
  return static_cast<std::size_t>(std::find_if(told_.rbegin(), told_.rend(), stuck)
                                  - told_.rbegin());
}

void claude_process::send_interrupt() {
  // What is left of the turn has no reader, so credit no longer counts.
  pipes_->resume_reading();
  answer_deadline_.reset();
  if (phase_ != phase::answering)
    return apply(process_trigger::close); // half a dialogue is of no use to anybody
  send_control(claude::control_call::interrupt, shard_.settings.claude.interrupt_timeout,
               claude::interrupt);
  set_deadline(shard_.settings.claude.interrupt_timeout);
}

void claude_process::send_rewind() {
  phase_ = phase::none;
  answer_deadline_.reset();
  deadline_ = clock::time_point::max();
  send_rewind_of(told_.back().uuid, shard_.settings.claude.interrupt_timeout);
}

void claude_process::send_rewind_of(const std::string& uuid, std::chrono::milliseconds timeout) {
  send_control(claude::control_call::rewind_conversation, timeout,
               [&uuid](std::string& line, std::string_view id) {
                 claude::rewind_conversation(line, id, uuid);
               });
}

} // namespace ccapi::actors
