// supervisor, the part that makes room: at the cap, and where memory is short.

#include "actors/supervisor.hpp"
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
  for (const auto& [process, child] : running_)
    if (child.handle && !retiring_.contains(process))
      ask(process, child.handle);
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
    const auto found = running_.find(each.process);
    return found != running_.end() && found->second.in_handover;
  });
  const auto chosen = domain::longest_idle(reports, pool_.retirements_wanted());
  for (const auto process : chosen)
    for (const auto& each : reports)
      if (each.process == process)
        pass_on_or_retire(each);
  if (std::exchange(one_less_wanted_, false) && chosen.empty())
    if (const auto one = memory_short_ ? domain::longest_rested(reports, now())
                                       : domain::expendable(reports, now()))
      retire_process(*one);
  if (std::exchange(ask_again_, false))
    make_room();
}

void supervisor_state::on_process_idle(const process_idle& what) {
  if (pool_.retirements_wanted() > 0)
    pass_on_or_retire(what.report);
}

void supervisor_state::pass_on_or_retire(const domain::idle_report& report) {
  const auto found = running_.find(report.process);
  if (found == running_.end())
    return;
  auto& child = found->second;
  child.leads_back = report.leads_back;
  const auto since = std::exchange(child.busy_since, std::nullopt);
  if (since && report.turns == child.turns_at_handover + 1)
    turn_time_.note(report.idle_since - *since);
  if (!pass_on(report) && !let_be(report))
    retire_process(report.process);
}

bool supervisor_state::let_be(const domain::idle_report& report) {
  const auto* next = pool_.next_wish();
  const auto boot = boot_time_.get();
  if (next == nullptr || now() - report.idle_since >= boot)
    return false;
  const auto his = std::count_if(running_.begin(), running_.end(), [&](const auto& each) {
    return each.second.leads_back && each.second.origin == next->origin
           && !retiring_.contains(each.first) && each.first != report.process;
  });
  if (!pool_.better_waits(static_cast<std::size_t>(his), turn_time_.get(), boot))
    return false;
  next_review_ = std::min(next_review_, now() + boot);
  arm_tick();
  return true;
}

bool supervisor_state::pass_on(const domain::idle_report& report) {
  const auto found = running_.find(report.process);
  if (!report.leads_back || found == running_.end() || retiring_.contains(report.process))
    return false;
  auto& child = found->second;
  // No turn since it was passed on last: nobody could find it.
  if (child.in_handover || child.turns_at_handover == report.turns)
    return false;
  const auto lease = pool_.lead_back(child.origin);
  if (!lease)
    return false;
  child.in_handover = true;
  child.busy_since = now();
  child.turns_at_handover = report.turns;
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
  const auto found = running_.find(what.process);
  if (found == running_.end())
    return;
  found->second.in_handover = false;
  // It is busy: this makes it tell when it no longer is. If it is not, the next one may have it.
  if (pool_.retirements_wanted() > 0 && found->second.handle)
    ask(what.process, found->second.handle);
}

void supervisor_state::retire_process(domain::process_id process) {
  const auto found = running_.find(process);
  if (found == running_.end() || !found->second.handle || found->second.in_handover
      || !retiring_.insert(process).second)
    return;
  pool_.retirement_started();
  const auto refused = [this, process] {
    if (retiring_.erase(process) == 0)
      return;
    pool_.retirement_ended();
    make_room();
  };
  self_->request(found->second.handle, question_timeout, retire{})
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
  auto next = running_.upper_bound(last_measured_);
  for (std::size_t count = std::min(measured_at_once, running_.size()); count > 0; --count) {
    if (next == running_.end())
      next = running_.begin();
    const auto& [process, child] = *next++;
    last_measured_ = process;
    const auto held = process::tree_memory(child.pid);
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
