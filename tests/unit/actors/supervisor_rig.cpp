#include "supervisor_rig.hpp"

namespace ccapi::actors::test {

void supervisor_rules::start(std::size_t processes_max, std::size_t queue_max) {
  boss = world.system().spawn(
    supervisor, supervisor_options{
                  .start =
                    [this](auto id, auto spec, auto spawned, auto done, auto spoke) {
                      starts.push_back({id, spec.program, spec.unhurried, spawned, done, spoke});
                    },
                  .pool = {.processes_max = processes_max,
                           .queue_max = queue_max,
                           .queue_timeout = queue_timeout},
                  .spares = spares,
                  .memory = {},
                  .breaker = breaker,
                  .spec_for = [](const domain::process_kind& kind,
                                 bool ahead) -> domain::result<process::spawn_spec> {
                    if (kind.model == "bad")
                      return domain::error{.code = error_code::invalid_request};
                    return process::spawn_spec{kind.model, {}, {}, {}, {}, ahead};
                  },
                  .cli_identity = [this] { return cli_identity; },
                  .health = health,
                  .log = {}});
  world.pump();
}

void supervisor_rules::TearDown() {
  starts.clear(); // they hold the supervisor
  caf::anon_send_exit(boss, caf::exit_reason::user_shutdown);
  for (auto& [id, each] : processes)
    caf::anon_send_exit(each.handle, caf::exit_reason::user_shutdown);
  for (auto& each : extras_)
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  world.advance(1h); // whoever still waits for an answer hears that there is none
}

void supervisor_rules::want(domain::lease_id lease, const std::string& model,
                            const domain::tenant_prompt& prompt,
                            std::optional<domain::steady_time> waiting_since) {
  world.system().spawn([=, this](caf::event_based_actor* self) {
    lease_request wish{lease, {model}, prompt, "req", origin_of(prompt), true, waiting_since};
    self->request(boss, caf::infinite, std::move(wish))
      .then([=, this](lease_reply& what) { replies[lease] = std::move(what); },
            [](const caf::error&) {});
  });
  world.pump();
}

const lease_reply* supervisor_rules::reply(domain::lease_id lease) const {
  const auto found = replies.find(lease);
  return found == replies.end() ? nullptr : &found->second;
}

std::optional<error_code> supervisor_rules::refusal(domain::lease_id lease) const {
  const auto* heard = reply(lease);
  return heard && heard->failure ? std::optional{heard->failure->code} : std::nullopt;
}

void supervisor_rules::started(std::size_t which) {
  const auto& order = starts.at(which);
  order.on_spawned(order.cli->make_child(order.id));
  world.pump();
}

void supervisor_rules::not_started(std::size_t which, error_code why) {
  starts.at(which).on_spawned(domain::error{.code = why});
  world.pump();
}

void supervisor_rules::exited(domain::process_id id) {
  for (const auto& each : starts)
    if (each.id == id)
      each.on_exited(id, {});
  world.pump();
}

played_process& supervisor_rules::claim(domain::process_id id, bool idle,
                                        domain::steady_time since) {
  auto& played = processes[id];
  played.idle = idle;
  played.idle_since = since;
  played.handle = world.system().spawn(
    [&played, id](claude_process_actor::pointer self) -> claude_process_actor::behavior_type {
      return {
        [](const run_turn&) {},
        [](const cancel_turn&) {},
        [](const grant_credit&) {},
        [](const close_process&) {},
        [&played, id, self](const probe_idle&) -> caf::result<domain::idle_report> {
          ++played.questions;
          if (played.deaf)
            return self->make_response_promise<domain::idle_report>();
          return domain::idle_report{id,           played.idle,       played.idle_since,
                                     played.turns, played.leads_back, played.parked};
        },
        [&played](const retire&) {
          ++played.retirements;
          played.idle = played.idle && played.accepts; // who refuses has got work
          return played.accepts;
        },
        [&played, self](const child_exited&) {
          ++played.exits;
          self->quit();
        },
      };
    });
  caf::anon_send(boss, process_claimed{id, played.handle});
  world.pump();
  return played;
}

void supervisor_rules::tell_idle(domain::process_id id) {
  auto& played = processes.at(id);
  played.idle = true;
  caf::anon_send(
    boss, process_idle{{id, true, played.idle_since, played.turns, played.leads_back, false}});
  world.pump();
}

void supervisor_rules::tell_parked(domain::process_id id) {
  auto& played = processes.at(id);
  played.parked = true;
  played.idle_since = world.now();
  caf::anon_send(boss, process_idle{{id, false, played.idle_since, played.turns, false, true}});
  world.pump();
}

void supervisor_rules::booted(domain::process_id id, std::optional<std::string> failure) {
  process_booted what{.process = id};
  if (failure)
    what.failure = domain::error{.code = error_code::cli_unavailable, .message = *failure};
  caf::anon_send(boss, std::move(what));
  world.pump();
}

played_process& supervisor_rules::grant(domain::lease_id lease, bool idle,
                                        domain::steady_time since) {
  want(lease);
  started(starts.size() - 1);
  EXPECT_TRUE(granted(lease));
  return claim(starts.back().id, idle, since);
}

domain::stats supervisor_rules::figures() {
  domain::stats heard;
  world.system().spawn([&](caf::event_based_actor* self) {
    self->request(boss, 1s, collect{}).then([&](const domain::stats& what) { heard = what; });
  });
  world.pump();
  return heard;
}

void supervisor_rules::login(bool works) {
  caf::anon_send(boss, login_report{works});
  world.pump();
}

domain::health& supervisor_rules::attach() {
  const auto listener = world.system().spawn([this]() -> health_listener_actor::behavior_type {
    return {[this](const health_changed& what) {
      ++health_changes;
      heard_ = what.health;
    }};
  });
  extras_.push_back(caf::actor_cast<caf::actor>(listener));
  caf::anon_send(boss, attach_listeners{{listener}});
  world.pump();
  return heard_;
}

} // namespace ccapi::actors::test
