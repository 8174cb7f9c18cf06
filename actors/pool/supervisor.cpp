#include "actors/pool/supervisor.hpp"

#include "domain/invariant.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ccapi::actors {

namespace {

using domain::error_code;

/// Between two looks at memory, and at spares that nothing else has led to.
constexpr std::chrono::seconds review_interval{5};

constexpr const char* login_help =
  "The Claude Code CLI is not logged in, or its credential was refused. Run `claude` once in a "
  "terminal and log in (or `claude setup-token`), or set ANTHROPIC_API_KEY, as the user that "
  "runs this gateway.";

} // namespace

supervisor_state::supervisor_state(supervisor_actor::pointer self, supervisor_options options)
  : self_{self},
    options_{std::move(options)},
    pool_{options_.pool},
    breaker_{options_.breaker},
    spares_{options_.spares},
    health_{options_.health} {
  if (options_.cli_identity)
    cli_identity_ = options_.cli_identity();
}

// -- leases ---------------------------------------------------------------------------------------

caf::typed_response_promise<lease_reply> supervisor_state::on_lease_request(lease_request& what) {
  auto answer = self_->make_response_promise<lease_reply>();
  const auto lease = what.lease;
  const auto since = what.waiting_since.value_or(now());
  leases_.emplace(lease, open_lease{std::move(what), since, answer});
  if (draining_) {
    answer_failure(lease,
                   {.code = error_code::draining, .message = "The gateway is shutting down."});
    return answer;
  }
  if (health_.cli_path.empty()) {
    answer_failure(
      lease,
      {.code = error_code::cli_unavailable, .message = health_.reason, .retry_useful = false});
    return answer;
  }
  const auto& wish = leases_.at(lease).wish;
  notice_new_cli();
  if (!wish.waiting_since)
    spares_.note_demand(wish.kind, wish.prompt, now());
  if (give_spare(lease)) {
    ++totals_.spare_hits;
    review_spares();
    return answer;
  }
  if (!wish.waiting_since)
    ++totals_.spare_misses;
  const auto admitted =
    pool_.request({lease, wish.prompt.tenant, wish.origin, wish.fresh, wish.waiting_since}, now());
  if (admitted.displaced)
    answer_failure(
      *admitted.displaced,
      {.code = error_code::server_busy,
       .message = "All processes are busy, and requests with other API keys wait, too.",
       .retry_after = std::chrono::seconds{5}});
  switch (admitted.what) {
  case domain::process_pool::verdict::spawn:
    if (!spawn_for(lease))
      give_slot_on();
    break;
  case domain::process_pool::verdict::wait:
    arm_tick();
    evict_spare();
    make_room();
    break;
  case domain::process_pool::verdict::refuse:
    answer_failure(lease, {.code = error_code::server_busy,
                           .message = "All processes are busy and the waiting queue is full.",
                           .retry_after = std::chrono::seconds{5}});
    break;
  }
  return answer;
}

void supervisor_state::on_withdraw_lease(const withdraw_lease& what) {
  if (pool_.withdraw(what.lease))
    answer_failure(what.lease, {.code = error_code::cancelled, .message = "The client went away."});
}

void supervisor_state::give_slot_on() {
  auto next = pool_.slot_freed();
  while (next && !spawn_for(*next))
    next = pool_.slot_freed();
  make_room();
  review_spares();
}

void supervisor_state::answer_failure(domain::lease_id lease, domain::error failure) {
  const auto found = leases_.find(lease);
  if (found == leases_.end())
    return;
  found->second.answer.deliver(lease_reply{.child = nullptr, .failure = std::move(failure)});
  leases_.erase(found);
}

// -- processes ------------------------------------------------------------------------------------

void supervisor_state::on_process_claimed(process_claimed& what) {
  auto* claimed = child_in_use(what.process);
  if (claimed == nullptr) {
    // It was reaped before its actor was up.
    self_->send(what.handle, child_exited{what.process, {}});
    return;
  }
  claimed->handle = what.handle;
  // It is about to be busy: this makes it tell when it no longer is.
  if (pool_.retirements_wanted() > 0)
    ask(what.process, what.handle);
}

void supervisor_state::on_process_booted(const process_booted& what) {
  if (what.failure) {
    start_failed(*what.failure);
    return free_what_starts_lack();
  }
  if (auto* booted = child_in_use(what.process))
    if (const auto took = booted->life.booted(now()))
      boot_time_.note(*took);
  if (breaker_.open())
    options_.log.info("processes start again");
  breaker_.succeeded();
  if (!what.version.empty() && what.version != options_.health.cli_version) {
    options_.log.info("CLI has another version now",
                      {{"before", options_.health.cli_version}, {"now", what.version}});
    options_.health.cli_version = what.version;
  }
  review_health();
}

void supervisor_state::arm_tick() {
  auto next = pool_.next_deadline();
  if (!draining_ && !health_.cli_path.empty())
    next = std::min(next.value_or(next_review_), next_review_);
  if (!next || !ticks_.arm(*next))
    return;
  const auto wait = std::max(domain::steady_time::duration::zero(), *next - now());
  self_->delayed_send(self_, wait + std::chrono::milliseconds{1}, tick{});
}

void supervisor_state::on_tick() {
  ticks_.fired(now());
  for (const auto lease : pool_.expired(now()))
    answer_failure(lease, {.code = error_code::server_busy,
                           .message = "All processes stayed busy for limits.queue_timeout_seconds.",
                           .retry_after = std::chrono::seconds{10}});
  if (now() >= next_review_) {
    next_review_ = now() + review_interval;
    if (now() >= next_look_around_) {
      next_look_around_ = now() + review_interval;
      notice_new_cli();
      watch_memory();
    }
    make_room(); // for those whose wait was no better than an end
    review_spares();
  }
  arm_tick();
}

// -- health ---------------------------------------------------------------------------------------

void supervisor_state::on_login_report(const login_report& what) {
  if (what.works != login_failed_)
    return;
  login_failed_ = !what.works;
  if (login_failed_)
    options_.log.error(login_help);
  else
    options_.log.info("login works again");
  review_health();
}

void supervisor_state::on_store_report(const store_report& what) {
  if (what.reason == store_trouble_)
    return;
  store_trouble_ = what.reason;
  if (store_trouble_.empty())
    options_.log.info("the store of conversations works again");
  else
    options_.log.error("the store of conversations does not work", {{"why", store_trouble_}});
  review_health();
}

void supervisor_state::on_attach_listeners(attach_listeners& what) {
  listeners_ = std::move(what.listeners);
  for (const auto& listener : listeners_)
    self_->send(listener, health_changed{health_});
  watch_memory();
  review_spares();
  next_review_ = now() + review_interval;
  arm_tick();
}

void supervisor_state::on_drain() {
  draining_ = true;
  end_spares("the gateway ends");
  for (const auto lease : pool_.expired(domain::steady_time::max()))
    answer_failure(lease,
                   {.code = error_code::draining, .message = "The gateway is shutting down."});
  review_health();
}

void supervisor_state::on_settings_changed(const settings_changed& what) {
  pool_.set_limits(pool_options(*what.values));
  breaker_.set_limits(breaker_options(*what.values));
  spares_.set_limits(spare_options(*what.values));
  options_.memory = memory_options(*what.values);
  for (auto next = pool_.next_waiter(); next; next = pool_.next_waiter())
    if (!spawn_for(*next))
      give_slot_on();
  make_room();
  review_spares();
}

void supervisor_state::review_health() {
  auto health = options_.health; // what start-up found
  if (draining_) {
    health.state = domain::health_state::draining;
    health.reason = "The gateway is shutting down.";
  } else if (breaker_.open()) {
    health.state = domain::health_state::degraded;
    health.reason = "Claude processes fail to start: " + start_failure_
                    + " The gateway tries again by itself; its log has the details.";
  } else if (login_failed_) {
    health.state = domain::health_state::degraded;
    health.reason = login_help;
  } else if (!store_trouble_.empty() && !health.cli_path.empty()) {
    health.state = domain::health_state::degraded;
    health.reason = store_trouble_;
  }
  if (health == health_)
    return;
  health_ = std::move(health);
  for (const auto& listener : listeners_)
    self_->send(listener, health_changed{health_});
}

domain::stats supervisor_state::figures() const {
  auto figures = totals_;
  figures.processes_live = pool_.live();
  figures.processes_max = pool_.limits().processes_max;
  figures.spares_ready = spares_.ready_count();
  figures.spares_primed = spares_.all_primed().size();
  figures.spares_booting = spares_.size() - spares_.ready_count() + spares_starting();
  figures.queue_length = pool_.waiting();
  figures.queue_max = pool_.limits().queue_max;
  figures.details.processes = process_lines();
  figures.broken_invariants = domain::broken_invariants(); // of all threads: nobody else adds it
  return figures;
}

domain::process_pool::options pool_options(const config::settings& given) {
  return {.processes_max = given.claude.max_concurrent_sessions,
          .queue_max = given.limits.queue_max,
          .queue_timeout = given.limits.queue_timeout};
}

domain::start_breaker::options breaker_options(const config::settings& given) {
  return {.failures_max = given.supervision.start_failures_max,
          .period = given.supervision.start_failures_period,
          .pause = given.supervision.start_pause,
          .pause_max = given.supervision.start_pause_max};
}

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<std::unique_ptr<supervisor_state>> self,
           supervisor_options options) {
  self->state = std::make_unique<supervisor_state>(self, std::move(options));
  auto& state = *self->state;
  return {
    [&state](const collect&) { return state.figures(); },
    [&state](lease_request& what) { return state.on_lease_request(what); },
    [&state](const withdraw_lease& what) { state.on_withdraw_lease(what); },
    [&state](process_claimed& what) { state.on_process_claimed(what); },
    [&state](const process_booted& what) { state.on_process_booted(what); },
    [&state](const process_idle& what) { state.on_process_idle(what); },
    [&state](const handover_over& what) { state.on_handover_over(what); },
    [&state](const priming_failed& what) { state.on_priming_failed(what); },
    [&state](const login_report& what) { state.on_login_report(what); },
    [&state](const store_report& what) { state.on_store_report(what); },
    [&state](child_started& what) { state.on_child_started(what); },
    [&state](const child_spoke& what) { state.on_child_spoke(what); },
    [&state](const child_exited& what) { state.on_child_exited(what); },
    [&state](attach_listeners& what) { state.on_attach_listeners(what); },
    [&state](const drain&) { state.on_drain(); },
    [&state](const settings_changed& what) { state.on_settings_changed(what); },
    [&state](const tick&) { state.on_tick(); },
  };
}

} // namespace ccapi::actors
