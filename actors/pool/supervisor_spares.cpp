// supervisor, the part that keeps spare processes.

#include "actors/pool/supervisor.hpp"
#include "domain/invariant.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ccapi::actors {

namespace {

/// On two cores a boot beside it makes a first turn 13 to 23 ms slower, although spares boot at a
/// lower priority (measured). A first turn has its first word 50 to 110 ms after its start there.
constexpr std::chrono::milliseconds refill_pause{250};
/// Where requests come without a pause, a spare is started all the same.
constexpr std::chrono::milliseconds refill_pause_max{1000};

} // namespace

bool supervisor_state::give_spare(domain::lease_id lease) {
  const auto& wish = leases_.at(lease).wish;
  auto process = spares_.take(wish.kind, wish.prompt);
  while (process) {
    const auto& pipes = *children_.at(*process).pipes;
    if (pipes.stdout_closed())
      lose_spare(*process); // its exit is on the way
    else if (pipes.directory_gone())
      end_spare(*process);
    else
      break;
    process = spares_.take(wish.kind, wish.prompt);
  }
  if (!process)
    return false;
  auto& spare = children_.at(*process);
  if (!domain::invariant(spare.life.lease_spare(wish.origin, now()), "a spare is nobody's"))
    return false;
  if (spare.primed)
    ++totals_.primed_hits;
  lease_reply reply{.child = std::move(spare.pipes),
                    .failure = {},
                    .spare = true,
                    .primed = std::exchange(spare.primed, std::nullopt)};
  reply.child->restore_priority();
  last_given_ = now();
  leases_.at(lease).answer.deliver(std::move(reply));
  leases_.erase(lease);
  return true;
}

void supervisor_state::review_spares() {
  if (draining_ || health_.cli_path.empty())
    return;
  for (const auto process : spares_.late(now()))
    lose_spare(process, "It did not come up in time.");
  for (const auto process : spares_.surplus(now()))
    end_spare(process);
  prime_spares();
  // Whoever waits for a process comes first, and so does the machine.
  if (spares_starting() > 0 || !leases_.empty() || memory_short_)
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
  start_child(domain::child_life{*kind}, *std::move(spec));
}

void supervisor_state::prime_spares() {
  if (priming_fails_)
    return;
  const auto version = claude::parse_version(options_.health.cli_version);
  for (const auto& wish : spares_.to_prime(now())) {
    auto priming = claude::priming_for(wish.prompt->text, version);
    auto& spare = children_.at(wish.process);
    if (!priming || !spare.pipes->tell(priming->lines))
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

void supervisor_state::on_spare_started(child& started,
                                        std::shared_ptr<process::child_process> pipes) {
  const auto process = pipes->id;
  const auto& kind = *started.life.spare_of();
  options_.log.info("spare process started",
                    {{"process", process}, {"pid", int{started.pid}}, {"model", kind.model}});
  if (!domain::invariant(started.life.become_spare(), "a child starts once"))
    return;
  started.pipes = std::move(pipes);
  spares_.started(process, kind, now());
  if (draining_)
    return end_spare(process);
  review_spares();
}

std::size_t supervisor_state::spares_starting() const {
  return static_cast<std::size_t>(
    std::count_if(children_.begin(), children_.end(), [](const auto& each) {
      const auto& life = each.second.life;
      return life.state() == domain::child_state::starting && life.spare_of() != nullptr;
    }));
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

void supervisor_state::lose_spare(domain::process_id process, const char* why) {
  end_spare(process);
  ++totals_.processes_failed;
  options_.log.warning("spare process lost", {{"process", process}, {"why", why}});
  start_failed({.code = domain::error_code::cli_unavailable, .message = why});
}

void supervisor_state::end_spare(domain::process_id process, bool for_waiter) {
  spares_.remove(process);
  auto& spare = children_.at(process);
  if (!(for_waiter ? spare.life.evict() : spare.life.end_unused()))
    return;
  if (for_waiter)
    pool_.retirement_started();
  spare.pipes.reset(); // its tree ends with the last copy
  spare.primed.reset();
  ++totals_.spares_dropped;
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
  if (const auto process = spares_.sacrifice(now()))
    end_spare(*process, true);
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
