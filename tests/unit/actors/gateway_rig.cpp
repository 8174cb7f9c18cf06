#include "gateway_rig.hpp"

#include <caf/send.hpp>

namespace ccapi::actors::test {

namespace {

front_end& object_of(const front_end_actor& handle) {
  return static_cast<front_end&>(*caf::actor_cast<caf::abstract_actor*>(handle));
}

} // namespace

gateway_rig::played_thread::played_thread(io_home& home, const domain::placement& placement,
                                          const config::settings& settings,
                                          const supervisor_actor& supervisor,
                                          const domain::health& health,
                                          std::shared_ptr<domain::asked_openings> asked,
                                          std::shared_ptr<const domain::cache_hasher> hasher,
                                          const conversation_store_actor& store)
  : state{.home = home,
          .placement = placement,
          .settings = settings,
          .log = {},
          .supervisor = supervisor,
          .store = store,
          .front_end = {},
          .health = health,
          .totals = {},
          .conversations = {settings.conversation.stored_max,
                            settings.conversation.stored_bytes_max},
          .models = std::make_shared<domain::model_knowledge>(),
          .asked = std::move(asked),
          .cache_hasher = std::move(hasher)},
    actor{spawn_on<front_end>(home, std::ref(state))},
    gateway{object_of(actor)} {}

void gateway_rig::start(std::uint32_t io_threads) {
  const auto start_child = [this](domain::process_id id, const process::spawn_spec& spec,
                                  const process::launcher::spawned& spawned,
                                  process::launcher::exited exited,
                                  const process::launcher::spoke& /*spoke*/) {
    auto& child = children.emplace_back();
    child.id = id;
    child.model = spec.program;
    child.on_exited = std::move(exited);
    spawned(child.cli.make_child(id));
  };
  supervisor_ = world.system().spawn(
    supervisor,
    supervisor_options{
      .start = start_child,
      .pool = {.processes_max = settings.claude.max_concurrent_sessions,
               .queue_max = settings.limits.queue_max,
               .queue_timeout = settings.limits.queue_timeout},
      .spares = {.total_max = 0},
      .memory = {},
      .breaker = {},
      .spec_for =
        [](const domain::process_kind& kind, bool /*ahead*/) {
          return domain::result<process::spawn_spec>{process::spawn_spec{kind.model, {}, {}, {}}};
        },
      .health = health,
      .log = {}});
  if (store)
    store_ = world.system().spawn(
      conversation_store,
      conversation_store_options{.store = std::make_unique<shared_store>(store),
                                 .keep = retention_of(settings),
                                 .commit_timeout = settings.store.commit_timeout,
                                 .supervisor = supervisor_});
  std::vector<front_end_actor> front_ends;
  std::vector<response_cache_actor> caches;
  std::vector<status_client_actor> sources{supervisor_};
  attach_listeners listeners;
  for (std::uint32_t index = 0; index < io_threads; ++index) {
    auto& each = *shards_.emplace_back(
      std::in_place, world.add_loop(), domain::placement{{.node = 0, .shard = index}, io_threads},
      settings, supervisor_, health, asked_, cache_hasher_, store_);
    front_ends.push_back(each.actor);
    caches.push_back(object_of(each.actor).cache());
    sources.emplace_back(each.actor);
    listeners.listeners.emplace_back(each.actor);
  }
  collector_ = world.system().spawn(stats_collector, std::move(sources));
  for (auto& each : shards_)
    object_of(each->actor).connect(front_ends, caches, collector_);
  caf::anon_send(supervisor_, std::move(listeners));
  world.pump();
}

void gateway_rig::TearDown() {
  stop();
}

void gateway_rig::stop() {
  if (shards_.empty())
    return;
  drain();
  close_all();
  for (std::size_t rounds = 0; rounds < 100 && figures().processes_live > 0; ++rounds)
    reap_ended();
  const auto left = figures();
  EXPECT_EQ(left.processes_live, 0U) << "a slot was lost, or a child was not told to end";
  EXPECT_EQ(left.processes_busy, 0U);
  EXPECT_EQ(left.turns_active, 0U);
  EXPECT_EQ(left.queue_length, 0U);
  EXPECT_EQ(left.turns_submitted, left.turns_finished + left.turns_failed + left.turns_cancelled);
  EXPECT_EQ(live_conversations(), 0U) << "an actor was left behind";
  for (auto& each : shards_)
    caf::anon_send_exit(each->actor, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(collector_, caf::exit_reason::user_shutdown);
  if (store_)
    caf::anon_send_exit(store_, caf::exit_reason::user_shutdown);
  destroy(store_);
  children.clear(); // their callbacks hold the supervisor
  caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  world.pump();
  shards_.clear();
}

void gateway_rig::send_close_all() {
  for (auto& each : shards_)
    caf::anon_send(each->actor, actors::close_all{});
}

void gateway_rig::close_all() {
  send_close_all();
  world.pump();
}

void gateway_rig::reconfigure() {
  const auto values = std::make_shared<const config::settings>(settings);
  for (const auto& each : shards_)
    caf::anon_send(each->actor, settings_changed{values});
  world.pump();
}

void gateway_rig::drain() {
  caf::anon_send(supervisor_, actors::drain{});
  world.pump();
}

domain::chat_request gateway_rig::request(const std::string& conversation,
                                          const std::string& query) {
  return {.request_id = "req",
          .model = "sonnet",
          .system_prompt = std::nullopt,
          .messages = {{domain::role::user, query}},
          .sampling = {},
          .conversation_id = conversation};
}

domain::turn_id gateway_rig::submit(client& from, domain::chat_request what, std::size_t thread) {
  const auto made = gateway(thread).submit(std::move(what), from.make_sink());
  EXPECT_EQ(from.events, 0U) << "nothing is heard from inside submit";
  world.pump();
  return made;
}

domain::turn_id gateway_rig::submit(client& from, const std::string& conversation,
                                    const std::string& query, std::size_t thread) {
  return submit(from, request(conversation, query), thread);
}

void gateway_rig::cancel(domain::turn_id turn, std::size_t thread) {
  gateway(thread).cancel(turn);
  world.pump();
}

void gateway_rig::say(std::size_t which, std::string_view lines) {
  ASSERT_EQ(cli(which).say(lines), lines.size());
  world.pump();
}

void gateway_rig::first_turn(std::size_t which, const std::string& query,
                             const std::string& answer) {
  ASSERT_GT(children.size(), which);
  cli(which).boot();
  world.pump();
  next_turn(which, query, answer);
}

void gateway_rig::next_turn(std::size_t which, const std::string& query,
                            const std::string& answer) {
  EXPECT_EQ(cli(which).take_user(), query);
  say(which, cli_lines::answer(answer));
}

void gateway_rig::boot_with_history(std::size_t which, const std::string& query,
                                    const std::string& answer) {
  ASSERT_GT(children.size(), which);
  cli(which).boot();
  world.pump();
  take_history(which, query, answer);
}

void gateway_rig::take_history(std::size_t which, const std::string& query,
                               const std::string& answer) {
  EXPECT_EQ(cli(which).take_user(true), query);
  say(which, cli_lines::result());
  EXPECT_EQ(cli(which).take_assistant(), answer);
}

void gateway_rig::reap(std::size_t which) {
  auto& child = children.at(which);
  if (std::exchange(child.reaped, true))
    return;
  child.cli.die();
  child.on_exited(child.id, {});
  world.pump();
}

void gateway_rig::reap_ended() {
  for (std::size_t which = 0; which < children.size(); ++which)
    if (cli(which).dead() || cli(which).input_closed() || cli(which).life_closed())
      reap(which);
}

domain::stats gateway_rig::figures() {
  domain::stats heard;
  gateway().collect_stats([&](const domain::stats& all) { heard = all; });
  world.pump();
  return heard;
}

std::size_t gateway_rig::live_conversations() {
  std::size_t alive = 0;
  for (auto& each : shards_)
    for (const auto& record : each->state.conversations.records())
      alive += record->actor ? 1U : 0U;
  return alive;
}

} // namespace ccapi::actors::test
