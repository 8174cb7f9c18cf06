// supervisor, the part that makes room: at the cap, and where memory is short.

#include "actors/pool/supervisor.hpp"
#include "process/memory.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ccapi::actors {

namespace {

/// A process answers a question on its own thread; one that takes longer counts as busy.
constexpr std::chrono::seconds question_timeout{2};
/// Of the processes' memory; each look costs some milliseconds.
constexpr std::size_t measured_at_once = 2;

} // namespace

void supervisor_state::make_room() {
  // One round of questions at a time; whoever was busy tells when it is idle.
  if ((pool_.retirements_wanted() == 0 && !one_less_wanted_) || reports_awaited_ > 0)
    return;
  reports_.clear();
  for (const auto& [process, each] : children_)
    if (each.handle && each.life.state() != domain::child_state::retiring)
      ask(process, each.handle);
}

void supervisor_state::free_what_starts_lack() {
  one_less_wanted_ = true;
  make_room();
}

void supervisor_state::ask(domain::process_id process, const claude_process_actor& handle) {
  ++reports_awaited_;
  self_->request(handle, question_timeout, probe_idle{})
    .then([this](const domain::idle_report& report) { on_idle_report(report); },
          [this, process](const caf::error& why) {
            // It may have been idle all the time, and then does not tell by itself.
            ask_again_ = ask_again_ || why == caf::sec::request_timeout;
            on_idle_report(domain::idle_report{process, false, {}});
          });
}

void supervisor_state::on_idle_report(const domain::idle_report& report) {
  reports_.push_back(report);
  if (--reports_awaited_ > 0)
    return;
  auto reports = std::exchange(reports_, {});
  std::erase_if(reports, [this](const domain::idle_report& each) {
    const auto* asked = child_in_use(each.process);
    return asked != nullptr && asked->life.state() == domain::child_state::handover;
  });
  const auto wanted = pool_.retirements_wanted();
  const auto chosen = domain::longest_idle(reports, wanted);
  for (const auto process : chosen)
    for (const auto& each : reports)
      if (each.process == process)
        pass_on_or_retire(each);
  if (chosen.size() < wanted)
    retire_parked(reports, wanted - chosen.size());
  if (std::exchange(one_less_wanted_, false) && chosen.empty()) {
    if (const auto one = memory_short_ ? domain::longest_rested(reports, now())
                                       : domain::expendable(reports, now()))
      retire_process(*one);
    else if (memory_short_)
      retire_parked(reports, 1);
  }
  if (std::exchange(ask_again_, false))
    make_room();
}

void supervisor_state::retire_parked(const std::vector<domain::idle_report>& reports,
                                     std::size_t count) {
  const auto patience = pool_.parked_patience();
  const auto chosen = domain::longest_parked(reports, count, now(), patience);
  for (const auto process : chosen)
    retire_process(process, true);
  if (chosen.size() < count)
    await_parked(reports);
}

void supervisor_state::await_parked(const std::vector<domain::idle_report>& reports) {
  const auto due = domain::first_parked_until(reports, pool_.parked_patience());
  if (!due || *due <= now())
    return;
  next_review_ = std::min(next_review_, *due);
  arm_tick();
}

void supervisor_state::on_process_idle(const process_idle& what) {
  if (pool_.retirements_wanted() == 0)
    return;
  if (what.report.parked)
    await_parked({what.report});
  else
    pass_on_or_retire(what.report);
}

void supervisor_state::pass_on_or_retire(const domain::idle_report& report) {
  auto* idle = child_in_use(report.process);
  if (idle == nullptr)
    return;
  if (const auto turn = idle->life.rested(report))
    turn_time_.note(*turn);
  if (!pass_on(*idle, report) && !let_be(report))
    retire_process(report.process);
}

bool supervisor_state::let_be(const domain::idle_report& report) {
  const auto* next = pool_.next_wish();
  const auto boot = boot_time_.get();
  if (next == nullptr || now() - report.idle_since >= boot)
    return false;
  const auto his = std::count_if(children_.begin(), children_.end(), [&](const auto& each) {
    return each.second.life.serves(next->origin) && each.first != report.process;
  });
  if (!pool_.better_waits(static_cast<std::size_t>(his), turn_time_.get(), boot))
    return false;
  next_review_ = std::min(next_review_, now() + boot);
  arm_tick();
  return true;
}

bool supervisor_state::pass_on(child& idle, const domain::idle_report& report) {
  if (!idle.life.may_be_handed_over(report))
    return false;
  const auto lease = pool_.lead_back(idle.life.origin());
  if (!lease || !idle.life.begin_handover(report, now()))
    return false;
  const auto me = caf::actor_cast<supervisor_actor>(self_);
  const auto tell = [me](const domain::process_id* process) {
    caf::anon_send(me, handover_over{*process});
    delete process;
  };
  const auto waiter = leases_.find(*lease);
  waiter->second.answer.deliver(
    lease_reply{.child = nullptr,
                .handover =
                  std::shared_ptr<const domain::process_id>{
                    std::make_unique<domain::process_id>(report.process).release(), tell},
                .waiting_since = waiter->second.since});
  leases_.erase(waiter);
  return true;
}

void supervisor_state::on_handover_over(const handover_over& what) {
  auto* given = child_in_use(what.process);
  if (given == nullptr || !given->life.end_handover())
    return;
  // It is busy: this makes it tell when it no longer is. If it is not, the next one may have it.
  if (pool_.retirements_wanted() > 0 && given->handle)
    ask(what.process, given->handle);
}

void supervisor_state::retire_process(domain::process_id process, bool even_parked) {
  auto* idle = child_in_use(process);
  if (idle == nullptr || !idle->handle || !idle->life.retire())
    return;
  pool_.retirement_started();
  const auto refused = [this, process] {
    auto* asked = child_in_use(process);
    if (asked == nullptr || !asked->life.refuse_retirement())
      return;
    pool_.retirement_ended();
    make_room();
  };
  self_->request(idle->handle, question_timeout, retire{even_parked})
    .then(
      [refused](bool accepted) {
        if (!accepted)
          refused();
      },
      [refused](const caf::error&) { refused(); });
}

void supervisor_state::watch_memory() {
  if (options_.memory.available_min > 0) {
    const auto available = process::memory_available();
    const bool was_short = memory_short_;
    memory_short_ = available && *available < options_.memory.available_min;
    if (memory_short_ && !was_short)
      options_.log.warning("memory is short", {{"available_mb", *available >> 20}});
    if (memory_short_) {
      end_spares("memory is short");
      one_less_wanted_ = true;
      make_room();
    }
  }
  if (options_.memory.process_max == 0)
    return;
  std::vector<std::pair<domain::process_id, pid_t>> in_use;
  for (const auto& [process, each] : children_)
    if (each.life.in_use())
      in_use.emplace_back(process, each.pid);
  const auto first = std::find_if(in_use.begin(), in_use.end(),
                                  [this](const auto& each) { return each.first > last_measured_; });
  std::rotate(in_use.begin(), first, in_use.end());
  in_use.resize(std::min(measured_at_once, in_use.size()));
  for (const auto& [process, pid] : in_use) {
    last_measured_ = process;
    const auto held = process::tree_memory(pid);
    if (!held || *held <= options_.memory.process_max)
      continue;
    options_.log.info("process holds much memory; it ends when it is idle",
                      {{"process", process}, {"mb", *held >> 20}});
    retire_process(process);
  }
}

memory_limits memory_options(const config::settings& given) {
  return {.process_max = std::uint64_t{given.process_pool.process_memory_max_mb} << 20,
          .available_min = std::uint64_t{given.process_pool.memory_available_min_mb} << 20};
}

} // namespace ccapi::actors
