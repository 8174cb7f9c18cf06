// supervisor, the part that keeps spare processes.

#include "actors/supervisor.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ccapi::actors {

namespace {

/// A first turn and the boot of the next spare would slow each other down: a first turn is over
/// within this time on a machine that has two cores (measured: 50 to 110 ms to its first word).
constexpr std::chrono::milliseconds refill_pause{250};
/// Where requests come without a pause, a spare is started all the same.
constexpr std::chrono::milliseconds refill_pause_max{1000};

constexpr const char* ended_unused = "The Claude process ended before anybody used it.";

} // namespace

bool supervisor_state::give_spare(domain::lease_id lease) {
  const auto& wish = leases_.at(lease).wish;
  auto process = spares_.take(wish.kind, wish.prompt);
  while (process) {
    const auto& child = *spare_children_.at(*process).child;
    if (child.stdout_closed())
      spare_died(*process, ended_unused); // its exit is on the way
    else if (child.directory_gone())
      drop_spare(*process);
    else
      break;
    process = spares_.take(wish.kind, wish.prompt);
  }
  if (!process)
    return false;
  auto spare = std::move(spare_children_.extract(*process).mapped());
  if (spare.primed)
    ++totals_.primed_hits;
  lease_reply reply{.child = std::move(spare.child),
                    .failure = {},
                    .spare = true,
                    .primed = std::move(spare.primed)};
  auto& given = running_[*process];
  given.pid = reply.child->pid;
  given.origin = wish.origin;
  given.busy_since = now();
  reply.child->restore_priority();
  last_given_ = now();
  leases_.at(lease).answer.deliver(std::move(reply));
  leases_.erase(lease);
  return true;
}

void supervisor_state::review_spares() {
  if (draining_ || health_.cli_path.empty())
    return;
  for (const auto process : spares_.late(now())) {
    spares_.remove(process);
    spare_died(process, "It did not come up in time.");
  }
  for (const auto process : spares_.surplus(now()))
    end_spare(process);
  prime_spares();
  // Whoever waits for a process comes first, and so does the machine.
  if (!starting_spares_.empty() || !leases_.empty() || memory_short_)
    return;
  const auto kind = spares_.wanted(now());
  if (!kind) {
    refill_since_.reset();
    return;
  }
  if (refill_too_soon() || (breaker_.open() && !breaker_.allows(now())))
    return;
  auto spec = options_.spec_for(*kind, true);
  if (!spec)
    return; // a request for it tells its client why
  if (!pool_.take_free_slot()) {
    one_less_wanted_ = true;
    return make_room();
  }
  starting_spares_.emplace(start_child(0, *std::move(spec)), *kind);
}

void supervisor_state::prime_spares() {
  if (priming_fails_)
    return;
  const auto version = claude::parse_version(options_.health.cli_version);
  for (const auto& wish : spares_.to_prime(now())) {
    auto priming = claude::priming_for(wish.prompt->text, version);
    auto& spare = spare_children_.at(wish.process);
    if (!priming || !spare.child->tell(priming->lines))
      continue; // stays blank
    priming->lines.clear();
    spare.primed = std::move(priming);
    spares_.primed(wish);
  }
}

void supervisor_state::on_priming_failed(const priming_failed& what) {
  options_.log.warning(
    "spare process can't forget what it was told ahead; none is told from now on",
    {{"process", what.process}, {"cli", options_.health.cli_version}});
  priming_fails_ = true;
  for (const auto process : spares_.all_primed())
    end_spare(process);
  review_spares();
}

bool supervisor_state::refill_too_soon() {
  if (!refill_since_)
    refill_since_ = now();
  if (!last_given_)
    return false;
  const auto due = std::min(*last_given_ + refill_pause, *refill_since_ + refill_pause_max);
  if (now() >= due) {
    refill_since_ = now(); // for the next one
    return false;
  }
  next_review_ = std::min(next_review_, due);
  arm_tick();
  return true;
}

void supervisor_state::on_spare_started(child_started& what) {
  const auto starting = starting_spares_.extract(what.process);
  if (!what.child) {
    ++totals_.processes_failed;
    options_.log.error("spare process not started",
                       {{"process", what.process}, {"detail", what.failure->detail}});
    start_failed(*what.failure);
    return give_slot_on();
  }
  ++totals_.processes_spawned;
  options_.log.info(
    "spare process started",
    {{"process", what.process}, {"pid", int{what.child->pid}}, {"model", starting.mapped().model}});
  spares_.started(what.process, starting.mapped(), now());
  spare_children_.emplace(what.process, spare_child{std::move(what.child)});
  if (draining_)
    return end_spare(what.process);
  review_spares();
}

void supervisor_state::on_child_spoke(const child_spoke& what) {
  if (!spares_.ready(what.process, now()))
    return; // claimed in the meantime
  if (breaker_.open()) {
    options_.log.info("processes start again");
    breaker_.succeeded();
    review_health();
  }
  review_spares();
}

bool supervisor_state::on_spare_exited(domain::process_id process) {
  if (spares_.remove(process))
    spare_died(process, ended_unused);
  return ending_spares_.erase(process) > 0;
}

void supervisor_state::spare_died(domain::process_id process, const char* why) {
  ending_spares_.insert(process);
  spare_children_.erase(process);
  ++totals_.processes_failed;
  ++totals_.spares_dropped;
  options_.log.warning("spare process lost", {{"process", process}, {"why", why}});
  start_failed({.code = domain::error_code::cli_unavailable, .message = why});
}

void supervisor_state::end_spare(domain::process_id process) {
  if (spares_.remove(process))
    drop_spare(process);
}

void supervisor_state::drop_spare(domain::process_id process) {
  ++totals_.spares_dropped;
  ending_spares_.insert(process);
  spare_children_.erase(process); // its tree ends with the last copy
}

void supervisor_state::end_spares(const char* why) {
  if (spares_.size() > 0)
    options_.log.info("spare processes end", {{"why", why}, {"count", spares_.size()}});
  for (const auto process : spares_.all())
    end_spare(process);
}

void supervisor_state::evict_spare() {
  if (pool_.retirements_wanted() == 0)
    return;
  const auto process = spares_.sacrifice(now());
  if (!process)
    return;
  retiring_.insert(*process);
  pool_.retirement_started();
  end_spare(*process);
}

void supervisor_state::notice_new_cli() {
  if (!options_.cli_identity)
    return;
  auto found = options_.cli_identity();
  if (found == cli_identity_)
    return;
  cli_identity_ = std::move(found);
  priming_fails_ = false;
  if (options_.on_other_cli)
    options_.on_other_cli();
  options_.log.info("the CLI was replaced", {{"path", options_.health.cli_path}});
  end_spares("the CLI was replaced");
}

domain::spare_pool::options spare_options(const config::settings& given) {
  const auto& wanted = given.process_pool;
  const std::size_t share = given.claude.max_concurrent_sessions / 3;
  return {.total_max = std::min<std::size_t>(wanted.size, share),
          .per_kind_min = wanted.min_idle,
          .per_kind_max = wanted.max_idle,
          .kind_idle = wanted.model_idle,
          .boot_timeout = given.claude.boot_timeout,
          .default_kind = given.models.default_model.empty()
                            ? std::nullopt
                            : std::optional{domain::process_kind{given.models.default_model}},
          .prime = wanted.prime};
}

} // namespace ccapi::actors
