#include "actors/turns/claude_process.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

namespace ccapi::actors {

namespace {

using claude::session_step;
using domain::error_code;
using domain::process_state;

/// Room for one line of a request or answer in JSON (escapes take up to six bytes a character).
std::size_t input_bytes_max(const config::limits_settings& limits) {
  return 6 * std::max(limits.body_bytes_max, limits.answer_bytes_max) + (std::size_t{1} << 20);
}

claude::session_order order_of(const run_turn& order) {
  return {.system_prompt = order.before->root().origin().system_prompt,
          .rewinds = order.rewinds,
          .seed = order.seed,
          .query = order.query,
          .settings = order.settings,
          .deadline = order.deadline};
}

} // namespace

claude_process::claude_process(caf::actor_config& config, io_home& home, io_shard& shard,
                               process::child_process child, std::optional<claude::priming> primed)
  : on_io{config, home},
    shard_{shard},
    id_{child.id},
    session_{shard.settings, std::move(primed), clock::now()},
    timer_{home.loop()},
    idle_since_{clock::now()} {
  const auto& limits = shard.settings.limits;
  pipes_ = std::make_shared<process::child_pipes>(
    home.loop(), std::move(child),
    process::child_pipes::limits{limits.cli_line_bytes_max, limits.cli_stderr_bytes_max,
                                 input_bytes_max(limits)},
    *this);
}

claude_process::behavior_type claude_process::make_behavior() {
  context(&home());
  shard_.sessions.insert_or_assign(id_, &session_);
  send(shard_.supervisor,
       process_claimed{id_, caf::actor_cast<claude_process_actor>(self_reference())});
  pipes_->start();
  arm_timer();
  return {
    [this](run_turn& order) { on_run_turn(order); },
    [this](const cancel_turn& what) { on_cancel_turn(what); },
    [this](const grant_credit& what) { on_grant_credit(what); },
    [this](const close_process&) { on_close_process(); },
    [this](const probe_idle&) { return on_probe_idle(); },
    [this](const retire& what) { return on_retire(what); },
    [this](const child_exited& what) { on_child_exited(what); },
  };
}

void claude_process::on_exit() {
  if (turn_) { // only an actor that was killed still has one; its client must hear of it
    turn_->fail({.code = error_code::internal, .message = "The gateway lost track of the turn."});
    report_turn_end(false);
  }
  count_parked(false);
  shard_.sessions.erase(id_);
  leave_service();
  timer_.cancel();
  pipes_->stop();
}

// -- messages ------------------------------------------------------------------------------------

void claude_process::on_run_turn(run_turn& order) {
  // Some CLIs fail every turn in a directory that was removed (2.1.197).
  const bool homeless =
    !turn_ && session_.state() < process_state::closing && pipes_->directory_gone();
  if (homeless || !session_.takes_turns()) {
    send(order.listener,
         turn_ended{.turn = order.turn, .process = id_, .outcome = turn_outcome::not_started});
    if (homeless) {
      shard_.log.info("process ends: its working directory was removed", {{"process", id_}});
      session_.close({}, clock::now());
      perform();
    }
    return;
  }
  nameless_ = order.nameless;
  turn_.emplace(std::move(order), shard_.settings.limits);
  session_.begin(order_of(turn_->order()), clock::now());
  perform();
  arm_timer();
}

void claude_process::on_cancel_turn(const cancel_turn& what) {
  if (!turn_ || turn_->order().turn != what.turn)
    return;
  turn_->abandon();
  session_.cancel(clock::now());
  perform();
}

void claude_process::on_grant_credit(const grant_credit& what) {
  if (!turn_ || turn_->order().turn != what.turn || !turn_->grant(what.bytes))
    return;
  if (pipes_->paused())
    session_.on_reader_back(clock::now());
  pipes_->resume_reading();
}

void claude_process::on_close_process() {
  session_.close({.code = error_code::draining, .message = "The gateway is shutting down."},
                 clock::now());
  perform();
}

domain::idle_report claude_process::on_probe_idle() {
  const auto state = session_.state();
  const bool idle = state == process_state::idle || state == process_state::booted;
  tell_when_idle_ = !idle;
  return report(idle);
}

bool claude_process::on_retire(const retire& what) {
  if (session_.state() == process_state::parked && !what.even_parked)
    return false;
  session_.retire(clock::now());
  perform();
  return session_.state() == process_state::closing;
}

void claude_process::on_child_exited(const child_exited& what) {
  if (!session_.reaped()) {
    const bool expected = session_.ends_as_wished();
    const auto level = expected ? observe::log_level::info : observe::log_level::warning;
    shard_.log.write(level, "process ended",
                     {{"process", id_},
                      {"exit_code", what.status.code},
                      {"signal", what.status.signal},
                      {"stderr", expected ? std::string{} : pipes_->stderr_tail(512)}});
  }
  session_.on_exit(pipes_->ended(), clock::now());
  perform();
  arm_timer();
}

// -- child_pipes::listener -----------------------------------------------------------------------

void claude_process::on_line(std::string_view line) {
  if (!lines_read_at_)
    lines_read_at_ = clock::now();
  session_.on_line(line, *lines_read_at_);
  count_lines();
  if (!session_.output().empty())
    perform();
}

void claude_process::on_lines_end() {
  lines_read_at_.reset();
  if (turn_)
    turn_->flush();
  session_.on_lines_end(clock::now());
  arm_timer();
}

void claude_process::on_input_drained() {
  session_.on_input_drained(clock::now());
  perform();
}

void claude_process::on_pipes_failed(std::string_view why) {
  session_.on_output_end(why, clock::now());
  perform();
  if (session_.reaped())
    // A message, because an actor can only quit while it handles one.
    send(this, child_exited{id_, {}});
}

// -- what the session says -----------------------------------------------------------------------

void claude_process::perform() {
  auto& out = session_.output();
  for (;;) {
    for (auto& event : out.events)
      show(std::move(event));
    out.events.clear();
    bool written = true;
    if (!out.empty()) { // most lines are deltas; these move no deadline either
      written = write_lines();
      for (const auto& limit : out.limits)
        shard_.account.limits->note(limit);
      for (const auto step : out.steps)
        take(step);
      count_parked(session_.state() == process_state::parked);
      arm_timer();
      out.clear();
    }
    if (!written) // behind the steps: it is the next reason for failures
      session_.on_input_full(clock::now());
    else if (session_.awaits_room() && pipes_->input_idle())
      session_.on_input_drained(clock::now());
    else
      return;
  }
}

void claude_process::show(domain::event&& what) {
  if (!turn_)
    return;
  if (domain::is_terminal(what))
    return turn_->conclude(std::move(what));
  if (const auto* started = std::get_if<domain::answer_started>(&what))
    note_start(*started);
  const bool asked = std::holds_alternative<domain::question_sent>(what);
  if (turn_->deliver(std::move(what)) == delivery::pause)
    pipes_->pause_reading();
  if (asked)
    turn_->flush(); // how long the client is kept waiting for a status counts from here
}

void claude_process::note_start(const domain::answer_started& what) {
  const auto& asked = turn_->order().model;
  if (!asked.starts_with("claude-") && !what.fell_back) // a name of the CLI's own
    shard_.models->learn_name(asked, what.model);
  const auto now = lines_read_at_ ? *lines_read_at_ : clock::now();
  if (session_.turns() == 0)
    shard_.note_time(domain::turn_time::boot, shard_.totals.boot_times, what.boot, now);
  shard_.note_time(domain::turn_time::setup, shard_.totals.setup_times, what.setup, now);
  shard_.note_time(domain::turn_time::first, shard_.totals.first_times, what.first, now);
}

bool claude_process::write_lines() {
  auto& lines = session_.output().lines;
  return std::all_of(lines.begin(), lines.end(),
                     [this](std::string& line) { return pipes_->write(std::move(line)); });
}

void claude_process::count_lines() {
  const auto unknown = session_.unknown_lines();
  const auto malformed = session_.malformed_lines();
  shard_.totals.cli_lines_unknown += unknown - std::exchange(unknown_counted_, unknown);
  shard_.totals.cli_lines_malformed += malformed - std::exchange(malformed_counted_, malformed);
}

void claude_process::count_parked(bool parked) {
  if (std::exchange(parked_, parked) != parked)
    parked ? ++shard_.totals.processes_parked : --shard_.totals.processes_parked;
}

void claude_process::take(session_step step) {
  switch (step) {
  case session_step::report_boot:
    return send(shard_.supervisor, process_booted{.process = id_, .version = session_.version()});
  case session_step::report_failed_boot:
    return send(shard_.supervisor,
                process_booted{.process = id_, .failure = session_.reason().why});
  case session_step::report_spoiled:
    return send(shard_.supervisor, priming_failed{id_});
  case session_step::report_defect:
    return log_defect();
  case session_step::bounce_turn:
    return turn_->bounce();
  case session_step::mark_rewound:
    return turn_->mark_rewound();
  case session_step::tell_failure:
    static_cast<void>(turn_->deliver(domain::turn_failed{session_.reason().why}));
    return;
  case session_step::read_on:
    return pipes_->resume_reading();
  case session_step::rest:
    return rest();
  case session_step::end_turn:
    return report_turn_end(false);
  case session_step::fail_turn:
    return fail_turn();
  case session_step::begin_close:
    stop_service();
    return pipes_->close_input();
  case session_step::stop_service:
    return stop_service();
  case session_step::terminate:
    static_cast<void>(pipes_->signal(SIGTERM));
    return;
  case session_step::kill_tree:
    return pipes_->stop(); // closes the life pipe: the shim kills the tree
  case session_step::kill_shim:
    shard_.log.warning("process does not end; its shim is killed",
                       {{"process", id_}, {"pid", int{pipes_->pid()}}});
    static_cast<void>(pipes_->kill_shim());
    return;
  case session_step::outlive:
    return shard_.log.error("process outlives its kill",
                            {{"process", id_}, {"pid", int{pipes_->pid()}}});
  case session_step::stop_reading:
    pipes_->stop();
    return send(this, child_exited{id_, {}});
  case session_step::leave:
    leave_service();
    return quit();
  }
}

// -- the turn's end, and the process's -----------------------------------------------------------

void claude_process::rest() {
  report_turn_end(true);
  idle_since_ = clock::now();
  if (tell_when_idle_)
    // Behind the turn's end in the loop: the conversation is at rest before anybody is told that
    // its process is to be had.
    asio::post(home().loop(), [this, keep = self_reference()] { tell_idle(); });
}

void claude_process::fail_turn() {
  if (!turn_)
    return;
  const auto& [why, process_lost, state] = session_.reason();
  process_lost ? turn_->lose(why) : turn_->fail(why);
  report_turn_end(false);
}

void claude_process::report_turn_end(bool reusable) {
  if (!turn_)
    return;
  send(turn_->order().listener, turn_->report(id_, reusable, session_.rewindable(),
                                              session_.open_calls(), session_.turn_cost()));
  turn_.reset();
  pipes_->resume_reading();
}

void claude_process::tell_idle() {
  if (!tell_when_idle_)
    return;
  const auto state = session_.state();
  const bool idle = state == process_state::idle;
  if (!idle && state != process_state::parked)
    return;
  tell_when_idle_ = !idle; // one that is parked only waits: it may still become idle
  send(shard_.supervisor, process_idle{report(idle)});
}

domain::idle_report claude_process::report(bool idle) const {
  return {.process = id_,
          .idle = idle,
          .idle_since = idle_since_,
          .turns = session_.turns(),
          .leads_back = idle && nameless_ && session_.leads_back(),
          .parked = session_.state() == process_state::parked};
}

void claude_process::stop_service() {
  leave_service();
  pipes_->resume_reading();
}

void claude_process::leave_service() {
  if (!std::exchange(out_of_service_, true) && shard_.front_end)
    send(shard_.front_end, process_ended{id_});
}

void claude_process::log_defect() const {
  const auto& reason = session_.reason();
  shard_.log.warning("process broken", {{"process", id_},
                                        {"state", to_string(reason.state)},
                                        {"why", reason.why.message},
                                        {"detail", reason.why.detail},
                                        {"stderr", pipes_->stderr_tail(512)}});
}

// -- the timer -----------------------------------------------------------------------------------

void claude_process::arm_timer() {
  const auto next = session_.wake_at();
  // An earlier wake-up only looks and re-arms, so a moved deadline costs nothing.
  if (next >= armed_for_)
    return;
  armed_for_ = next;
  timer_.expires_at(next);
  timer_.async_wait([this, keep = self_reference()](const boost::system::error_code& failure) {
    if (failure != boost::asio::error::operation_aborted)
      on_timer();
  });
}

void claude_process::on_timer() {
  armed_for_ = clock::time_point::max();
  session_.on_time(pipes_->paused(), clock::now());
  perform();
  arm_timer();
}

} // namespace ccapi::actors
