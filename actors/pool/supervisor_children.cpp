// supervisor, the part that starts children and notes their ends.

#include "actors/pool/supervisor.hpp"
#include "domain/invariant.hpp"
#include "process/memory.hpp"

#include <chrono>
#include <utility>

namespace ccapi::actors {

bool supervisor_state::spawn_for(domain::lease_id lease) {
  const auto& wish = leases_.at(lease).wish;
  auto spec = options_.spec_for(wish.kind, false);
  if (!spec) {
    answer_failure(lease, std::move(spec).error());
    return false;
  }
  if (!breaker_.allows(now())) {
    answer_failure(lease, {.code = domain::error_code::cli_unavailable,
                           .message = "Claude processes fail to start; no further one is started "
                                      "for a while. The log has the reason.",
                           .detail = start_failure_,
                           .retry_after = breaker_.retry_after(now())});
    return false;
  }
  start_child(domain::child_life{lease}, *std::move(spec));
  return true;
}

void supervisor_state::start_child(domain::child_life life, process::spawn_spec spec) {
  const auto process = ++last_process_;
  children_.emplace(process, child{.life = std::move(life), .since = now()});
  const auto me = caf::actor_cast<supervisor_actor>(self_);
  process::launcher::spoke on_spoke;
  if (spec.unhurried) // a spare: nobody reads what it says
    on_spoke = [me](domain::process_id booted) { caf::anon_send(me, child_spoke{booted}); };
  options_.start(
    process, std::move(spec),
    [me, process](domain::result<process::child_process> started) {
      child_started report{.process = process, .child = nullptr, .failure = {}};
      if (started)
        report.child = std::make_shared<process::child_process>(*std::move(started));
      else
        report.failure = std::move(started).error();
      caf::anon_send(me, std::move(report));
    },
    [me](domain::process_id ended, process::exit_status status) {
      caf::anon_send(me, child_exited{ended, status});
    },
    std::move(on_spoke));
}

std::vector<domain::process_line> supervisor_state::process_lines() const {
  std::vector<domain::process_line> lines;
  for (const auto& [process, each] : children_) {
    if (lines.size() == domain::process_lines_max)
      break;
    const bool started = each.pid > 0;
    lines.push_back({.process = process,
                     .pid = started ? int{each.pid} : 0,
                     .state = to_string(each.life.state()),
                     .age = std::chrono::duration_cast<std::chrono::seconds>(now() - each.since),
                     .resident_bytes = started ? process::tree_resident(each.pid).value_or(0) : 0});
  }
  return lines;
}

supervisor_state::child* supervisor_state::child_in_use(domain::process_id process) {
  const auto found = children_.find(process);
  return found != children_.end() && found->second.life.in_use() ? &found->second : nullptr;
}

void supervisor_state::start_failed(const domain::error& why) {
  const bool was_open = breaker_.open();
  breaker_.failed(now(), std::uniform_real_distribution<double>{}(dice_));
  start_failure_ = why.message;
  if (breaker_.open() && !was_open)
    options_.log.error("processes fail to start", {{"why", why.message}, {"detail", why.detail}});
  review_health();
}

void supervisor_state::on_child_started(child_started& what) {
  if (!what.child)
    return on_child_not_started(what.process, *std::move(what.failure));
  const auto found = children_.find(what.process);
  if (!domain::invariant(found != children_.end(), "only what was ordered starts"))
    return; // dropping the child ends it
  auto& started = found->second;
  ++totals_.processes_spawned;
  started.pid = what.child->pid;
  if (started.life.spare_of() != nullptr)
    on_spare_started(started, std::move(what.child));
  else
    on_lease_started(started, std::move(what.child));
}

void supervisor_state::on_child_not_started(domain::process_id process, domain::error failure) {
  const auto failed = children_.extract(process);
  if (!domain::invariant(!failed.empty(), "only what was ordered fails to start"))
    return;
  const auto& life = failed.mapped().life;
  ++totals_.processes_failed;
  options_.log.error(life.spare_of() != nullptr ? "spare process not started"
                                                : "process not started",
                     {{"process", process}, {"detail", failure.detail}});
  start_failed(failure);
  if (life.spare_of() != nullptr)
    return give_slot_on();
  answer_failure(life.lease(), std::move(failure));
  give_slot_on();
  free_what_starts_lack();
}

void supervisor_state::on_lease_started(child& started,
                                        std::shared_ptr<process::child_process> pipes) {
  options_.log.info("process started", {{"process", pipes->id}, {"pid", int{started.pid}}});
  const auto found = leases_.find(started.life.lease());
  if (found == leases_.end()) {
    started.life.end_unused();
    return; // dropping the child ends it
  }
  if (!started.life.lease_started(found->second.wish.origin, now()))
    return;
  found->second.answer.deliver(lease_reply{.child = std::move(pipes), .failure = {}});
  leases_.erase(found);
  last_given_ = now();
  review_spares(); // nobody may be waiting any more
}

void supervisor_state::on_child_exited(const child_exited& what) {
  const auto found = children_.find(what.process);
  // As long as one is starting, the launcher is still to say what became of that.
  if (found != children_.end() && found->second.life.state() != domain::child_state::starting) {
    auto& [process, ended] = *found;
    if (ended.life.state() == domain::child_state::spare)
      lose_spare(process);
    if (ended.handle)
      self_->send(ended.handle, what);
    if (ended.life.state() == domain::child_state::retiring)
      ++totals_.processes_retired;
    if (ended.life.makes_room())
      pool_.retirement_ended();
    children_.erase(found);
  }
  give_slot_on();
}

} // namespace ccapi::actors
