// session, what the process is sent in a turn. session_lines.cpp has what it answers.

#include "claude/encoder.hpp"
#include "claude/session.hpp"
#include "domain/dialogue/turn_plan.hpp"
#include "domain/ids.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::claude {

// They are written all at once.
static_assert(domain::rewinds_max + 2 < control_channel::pending_max);

using domain::error_code;
using domain::process_state;
using domain::process_trigger;

namespace {

sent_messages::kind kind_of(const domain::message& said) noexcept {
  return domain::has_results(said) ? sent_messages::kind::results : sent_messages::kind::question;
}

} // namespace

template <class Encode>
void session::send_control(control_call call, std::chrono::milliseconds timeout, Encode encode) {
  const auto id = control_.begin(call, now_ + timeout);
  if (id.empty())
    return lose(error_code::upstream_crash, "The Claude process does not answer.",
                "too many open control requests");
  encode(out_.lines.emplace_back(), id);
}

void session::configure() {
  if (primed_) {
    if (message_awaited_)
      seed_deadline_ = now_ + settings_.claude.control_timeout;
    return settle_priming();
  }
  if (order_->system_prompt.empty())
    apply(process_trigger::configured); // argv has set the empty one
  else
    send_control(control_call::initialize, settings_.claude.control_timeout,
                 [this](std::string& line, std::string_view id) {
                   initialize(line, id, order_->system_prompt);
                 });
}

void session::settle_priming() {
  if (state_ != process_state::configuring || prompt_awaited_ || message_awaited_)
    return;
  seed_deadline_.reset();
  if (primed_->message.empty())
    apply(process_trigger::configured);
  else
    send_rewind_of(primed_->message, settings_.claude.control_timeout);
}

void session::begin_turn() {
  if (tools_.open_calls() == 0)
    return take_back();
  if (order_->rewinds > 0 && !run_.rewritten)
    return leave_run();
  if (!resumes())
    return on_rewound(false);
  resuming_ = true;
  send_settings();
}

bool session::resumes() const {
  return order_->seed.empty() && domain::answers_calls(order_->query, tools_.open_calls())
         && tools_.knows(order_->settings.tools)
         && can_be_brought(order_->query, settings_.limits.cli_line_bytes_max);
}

void session::leave_run() {
  phase_ = phase::leaving_run;
  seed_deadline_ = now_ + settings_.claude.interrupt_timeout;
  send_control(control_call::interrupt, settings_.claude.interrupt_timeout, interrupt);
}

/// The rewinds all at once: the CLI keeps the order, and one that it refuses changes nothing
/// (measured).
void session::take_back() {
  if (order_->rewinds == 0)
    return send_settings();
  if (order_->rewinds > rewindable())
    return on_rewound(false);
  const auto lines = sent_.lines_of(order_->rewinds);
  phase_ = phase::rewinding;
  rewinds_left_ = lines.size();
  for (auto line = lines.begin(); line != lines.end() && phase_ == phase::rewinding; ++line)
    send_rewind_of(*line, settings_.claude.control_timeout);
}

void session::send_settings() {
  // Its answer is not waited for: the CLI keeps the order, and the turn waits for the tools.
  if (!tools_.knows(order_->settings.declared_tools)) {
    const auto server = tools_.declare(order_->settings.declared_tools);
    send_control(
      control_call::set_tool_server, settings_.claude.control_timeout,
      [&server](std::string& line, std::string_view id) { set_tool_server(line, id, server); });
  }
  if (order_->settings == applied_) {
    phase_ = phase::seeding;
    return send_seed();
  }
  phase_ = phase::settings;
  send_control(control_call::apply_settings, settings_.claude.control_timeout,
               [this](std::string& line, std::string_view id) {
                 apply_settings(line, id, order_->settings, tools_.in_use());
               });
}

void session::send_seed() {
  seed_deadline_.reset();
  while (seeded_ < order_->seed.size()) {
    const auto& entry = *order_->seed[seeded_++];
    const bool asked = entry.role == domain::role::user;
    if (entry.content.empty()) { // the CLI drops these anyway
      if (asked)
        sent_.add_user({});
    } else if (asked) {
      // Its result must come before the next line, else the CLI mixes up the order.
      seed_user_line(out_.lines.emplace_back(),
                     sent_.add_user(domain::random_uuid(), kind_of(entry)), entry);
      seed_deadline_ = now_ + settings_.claude.control_timeout;
      return;
    } else {
      sent_.add_answer();
      seed_assistant_line(out_.lines.emplace_back(), domain::random_uuid(),
                          "msg_" + domain::random_hex_128(), entry);
      awaits_room_ = true;
      return;
    }
  }
  send_query();
}

void session::on_input_drained(time_point now) {
  now_ = now;
  if (std::exchange(awaits_room_, false))
    send_seed();
}

void session::send_query() {
  asked_at_ = now_;
  const auto patience = settings_.limits.stream_header_delay;
  mapper_.emplace(&std::chrono::system_clock::now,
                  retry_patience{.longest = patience, .until = asked_at_ + patience},
                  order_->settings.tools, resuming_ ? run_ : run_so_far{});
  phase_ = phase::answering;
  answering_ = false;
  answer_deadline_ = asked_at_ + settings_.claude.first_event_timeout;
  out_.events.emplace_back(domain::question_sent{});
  const auto& query = order_->query;
  if (resuming_)
    return send_results();
  user_line(out_.lines.emplace_back(), sent_.add_user(domain::random_uuid(), kind_of(query)),
            query);
}

/// By their order: the ids are those of a dialogue that other processes may hold, too.
void session::send_results() {
  sent_.add_user({}, sent_messages::kind::results_of_calls);
  for (const auto& block : order_->query.content)
    if (const auto* result = std::get_if<domain::tool_result_block>(&block))
      tools_.answer_first(*result, out_.lines.emplace_back());
}

void session::send_interrupt() {
  // What is left of the turn has no reader.
  out_.steps.push_back(session_step::read_on);
  answer_deadline_.reset();
  if (phase_ != phase::answering)
    return apply(process_trigger::close); // half a dialogue is of no use to anybody
  send_control(control_call::interrupt, settings_.claude.interrupt_timeout, interrupt);
  deadline_ = now_ + settings_.claude.interrupt_timeout;
}

void session::send_rewind() {
  phase_ = phase::none;
  answer_deadline_.reset();
  deadline_ = time_point::max();
  send_rewind_of(sent_.uuid(), settings_.claude.interrupt_timeout);
}

void session::send_rewind_of(const std::string& uuid, std::chrono::milliseconds timeout) {
  send_control(
    control_call::rewind_conversation, timeout,
    [&uuid](std::string& line, std::string_view id) { rewind_conversation(line, id, uuid); });
}

std::size_t session::rewindable() const noexcept {
  return sent_.rewindable(rewinds_to_nothing_, domain::rewinds_max);
}

bool session::leads_back() const noexcept {
  return sent_.size() == 1 && rewindable() == 1;
}

} // namespace ccapi::claude
