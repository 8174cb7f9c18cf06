#include "process_rig.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <utility>

namespace ccapi::actors::test {

using namespace std::chrono_literals;

void process_rig::start() {
  supervisor_ = world.system().spawn([this]() -> supervisor_actor::behavior_type {
    return {
      [](const collect&) { return domain::stats{}; },
      [](const lease_request&) { return lease_reply{}; },
      [](const withdraw_lease&) {},
      [this](const process_claimed& what) {
        EXPECT_EQ(what.process, id);
        ++claims;
      },
      [this](const process_booted& what) {
        EXPECT_EQ(what.process, id);
        boots.push_back(what);
      },
      [this](const process_idle& what) {
        EXPECT_EQ(what.report.process, id);
        EXPECT_TRUE(what.report.idle);
        ++idle_notes;
      },
      [](const handover_over&) {},
      [this](const priming_failed& what) {
        EXPECT_EQ(what.process, id);
        ++spoiled;
      },
      [](const login_report&) {},
      [](const store_report&) {},
      [](const child_started&) {},
      [](const child_spoke&) {},
      [](const child_exited&) {},
      [](const attach_listeners&) {},
      [](const drain&) {},
      [](const settings_changed&) {},
      [](const tick&) {},
    };
  });
  listener_ = world.system().spawn([this]() -> decltype(listener_)::behavior_type {
    return {
      [this](const turn_ended& what) {
        ends.push_back(what);
        const auto found = sinks_.extract(what.turn);
        if (found && what.last_word) {
          found.mapped()->on_event(domain::event{*what.last_word});
          found.mapped()->on_flush();
        }
      },
      [this](const process_ended& what) {
        EXPECT_EQ(what.process, id);
        ++left_service;
      },
    };
  });
  shard.emplace(io_shard{.home = home_,
                         .placement = {{}, 1},
                         .settings = settings,
                         .log = {},
                         .supervisor = supervisor_,
                         .store = {},
                         .front_end = listener_,
                         .health = {},
                         .totals = {},
                         .conversations = {100, 1 << 20},
                         .models = std::make_shared<domain::model_knowledge>()});
  auto child = cli.make_child(id);
  EXPECT_TRUE(!primed || child.tell(primed->lines));
  process = spawn_on<claude_process>(home_, std::ref(*shard), std::move(child), primed);
  world.pump();
}

void process_rig::start_booted() {
  start();
  cli.boot();
  world.pump();
}

void process_rig::TearDown() {
  cli.die();
  world.pump();
  if (process)
    tell_exit();
  EXPECT_EQ(left_service, 1U) << "the conversation hears once that its process is gone";
  process = nullptr;
  shard->front_end = nullptr;
  for (const auto& each :
       {caf::actor_cast<caf::actor>(listener_), caf::actor_cast<caf::actor>(supervisor_)})
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  world.pump();
}

domain::turn_id process_rig::order(client& from, std::string query,
                                   std::vector<domain::message> seed, std::string system_prompt,
                                   domain::turn_settings turn_settings) {
  const auto& sink = sinks_[++last_turn_] = from.make_sink();
  auto before = dialogues_.root({.system_prompt = std::move(system_prompt)});
  for (auto& entry : seed)
    before = dialogues_.append(before, std::move(entry));
  domain::messages_of_dialogue told;
  for (const auto* node : domain::path(before))
    told.push_back(&node->said());
  caf::anon_send(process,
                 run_turn{.turn = last_turn_,
                          .listener = listener_,
                          .request_id = "req",
                          .sink = sink,
                          .before = before,
                          .rewinds = rewinds,
                          .seed = std::move(told),
                          .query = asked(std::move(query)),
                          .settings = std::move(turn_settings),
                          .deadline = std::chrono::steady_clock::now() + settings.claude.timeout});
  world.pump();
  return last_turn_;
}

void process_rig::run_turn_to_end(const std::string& query, const std::string& answer) {
  client asker;
  order(asker, query);
  EXPECT_EQ(cli.take_user(), query);
  say(cli_lines::answer(answer));
  EXPECT_EQ(asker.text, answer);
  EXPECT_TRUE(asker.finished);
}

void process_rig::cancel(domain::turn_id turn) {
  sinks_.erase(turn);
  caf::anon_send(process, cancel_turn{turn});
  world.pump();
}

void process_rig::grant(domain::turn_id turn, std::size_t bytes) {
  caf::anon_send(process, grant_credit{turn, bytes});
  world.pump();
}

void process_rig::tell_exit(int code) {
  caf::anon_send(process, child_exited{id, {.code = code, .signal = 0}});
  world.pump();
}

domain::idle_report process_rig::probe() {
  domain::idle_report heard;
  world.system().spawn([&](caf::event_based_actor* self) {
    self->request(process, 1s, probe_idle{}).then([&](const domain::idle_report& what) {
      heard = what;
    });
  });
  world.pump();
  return heard;
}

bool process_rig::retire() {
  bool heard = false;
  world.system().spawn([&](caf::event_based_actor* self) {
    self->request(process, 1s, actors::retire{}).then([&](bool accepted) { heard = accepted; });
  });
  world.pump();
  return heard;
}

void process_rig::say(std::string_view lines) {
  ASSERT_EQ(cli.say(lines), lines.size());
  world.pump();
}

void process_rig::expect_lost(const client& asker, domain::error_code code) const {
  const auto end = only_end();
  EXPECT_FALSE(end.reusable);
  ASSERT_TRUE(end.failure);
  EXPECT_EQ(end.failure->code, code);
  if (asker.text.empty()) {
    EXPECT_FALSE(asker.over()) << "the turn may run again";
    EXPECT_EQ(end.outcome, turn_outcome::lost);
  } else {
    EXPECT_EQ(asker.failure(), code);
    EXPECT_EQ(asker.terminals, 1U);
    EXPECT_EQ(end.outcome, turn_outcome::failed);
  }
}

turn_ended process_rig::only_end() const {
  EXPECT_EQ(ends.size(), 1U);
  return ends.empty() ? turn_ended{} : ends.front();
}

} // namespace ccapi::actors::test
