// Actors on an I/O thread: whose thread runs what, time limits, and the end.

#include "actors/io/asio_host.hpp"
#include "actors/messages.hpp"
#include "stage.hpp"

#include <boost/asio/post.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <optional>
#include <thread>
#include <vector>

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;

struct notes {
  std::vector<std::thread::id> threads;
  std::vector<std::uint64_t> generations;
  bool ended = false;
};

/// Notes which thread handles its mail. Passes numbers below 10 on to itself.
class note_taker final : public on_io<status_client_actor::extend<takes<withdraw_lease>>::base> {
public:
  note_taker(caf::actor_config& config, io_home& home, notes& kept)
    : on_io{config, home},
      kept_{kept} {}
  void on_exit() override { kept_.ended = true; }

protected:
  behavior_type make_behavior() override {
    return {
      [this](const collect&) {
        kept_.threads.push_back(std::this_thread::get_id());
        domain::stats answer;
        answer.turns_active = kept_.generations.size();
        return answer;
      },
      [this](const withdraw_lease& what) {
        kept_.threads.push_back(std::this_thread::get_id());
        kept_.generations.push_back(what.lease);
        if (what.lease < 10)
          send(this, withdraw_lease{what.lease + 1});
      },
    };
  }

private:
  notes& kept_;
};

using note_taker_actor = status_client_actor::extend<takes<withdraw_lease>>;

/// Asks somebody who never answers.
class asker final : public on_io<process_listener_actor::base> {
public:
  asker(caf::actor_config& config, io_home& home, caf::actor deaf, caf::error& heard)
    : on_io{config, home} {
    request(deaf, 1s, withdraw_lease{})
      .then([] {}, [&heard](const caf::error& why) { heard = why; });
  }

protected:
  behavior_type make_behavior() override {
    return {[](const process_ended&) {}};
  }
};

TEST(asio_host, mail_from_anywhere_is_handled_by_the_loop) {
  stage world;
  notes kept;
  auto& home = world.add_loop();
  note_taker_actor taker = spawn_on<note_taker>(home, std::ref(kept));
  std::thread{[&] { caf::anon_send(taker, withdraw_lease{100}); }}.join();
  caf::anon_send(taker, withdraw_lease{200});
  EXPECT_TRUE(kept.generations.empty()) << "nothing runs on the sender's thread";
  world.pump_scheduler();
  EXPECT_TRUE(kept.generations.empty()) << "nor on CAF's";
  world.pump();
  EXPECT_EQ(kept.generations, (std::vector<std::uint64_t>{100, 200}));
  caf::anon_send_exit(taker, caf::exit_reason::user_shutdown);
  world.pump();
  EXPECT_TRUE(kept.ended);
}

TEST(asio_host, handlers_run_on_the_thread_of_the_loop) {
  stage world;
  notes kept;
  auto& home = world.add_loop();
  note_taker_actor taker = spawn_on<note_taker>(home, std::ref(kept));
  std::promise<std::thread::id> runner;
  std::thread io{[&] {
    runner.set_value(std::this_thread::get_id());
    while (!kept.ended)
      home.loop().run_one();
  }};
  caf::anon_send(taker, withdraw_lease{0}); // goes on by mail to itself
  caf::scoped_actor outside{world.system()};
  for (std::uint64_t seen = 0; seen < 11;)
    outside->request(taker, 20s, collect{})
      .receive([&](const domain::stats& heard) { seen = heard.turns_active; },
               [&](const caf::error&) { seen = 99; });
  caf::anon_send_exit(taker, caf::exit_reason::user_shutdown);
  io.join();
  const auto expected = runner.get_future().get();
  EXPECT_EQ(kept.generations.size(), 11U);
  for (const auto& each : kept.threads)
    EXPECT_EQ(each, expected);
}

TEST(asio_host, question_without_an_answer_ends_by_its_time_limit) {
  stage world;
  caf::error heard;
  auto& home = world.add_loop();
  auto deaf = world.system().spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](const withdraw_lease&) { return self->make_response_promise(); }};
  });
  process_listener_actor one = spawn_on<asker>(home, deaf, std::ref(heard));
  world.pump();
  EXPECT_FALSE(heard);
  world.advance(999ms);
  EXPECT_FALSE(heard);
  world.advance(2ms);
  EXPECT_EQ(heard, caf::sec::request_timeout);
  caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(deaf, caf::exit_reason::user_shutdown);
  world.pump();
}

TEST(asio_host, question_to_an_actor_that_is_gone_fails_at_once) {
  stage world;
  notes kept;
  caf::error heard;
  auto& home = world.add_loop();
  note_taker_actor taker = spawn_on<note_taker>(home, std::ref(kept));
  caf::anon_send_exit(taker, caf::exit_reason::user_shutdown);
  world.pump();
  process_listener_actor one =
    spawn_on<asker>(home, caf::actor_cast<caf::actor>(taker), std::ref(heard));
  world.pump();
  EXPECT_EQ(heard, caf::sec::request_receiver_down);
  caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  world.pump();
}

TEST(asio_host, busy_actor_lets_the_others_have_their_turn) {
  stage world;
  notes busy;
  notes other;
  auto& home = world.add_loop();
  note_taker_actor first = spawn_on<note_taker>(home, std::ref(busy));
  note_taker_actor second = spawn_on<note_taker>(home, std::ref(other));
  world.pump();
  for (int i = 0; i < 1000; ++i)
    caf::anon_send(first, withdraw_lease{100});
  caf::anon_send(second, withdraw_lease{100});
  while (other.generations.empty())
    home.loop().poll_one();
  EXPECT_LT(busy.generations.size(), 1000U);
  world.pump();
  EXPECT_EQ(busy.generations.size(), 1000U);
  for (const auto& each : {first, second})
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  world.pump();
}

/// Passes its mail on, and posts a look at whether that has arrived.
class poster final : public on_io<note_taker_actor::base> {
public:
  poster(caf::actor_config& config, io_home& home, note_taker_actor next, notes& of_next,
         std::optional<std::size_t>& seen)
    : on_io{config, home},
      next_{std::move(next)},
      of_next_{of_next},
      seen_{seen} {}
  void on_exit() override { destroy(next_); }

protected:
  behavior_type make_behavior() override {
    return {[](const collect&) { return domain::stats{}; },
            [this](const withdraw_lease& what) {
              send(next_, what);
              asio::post(home().loop(),
                         [this, keep = self_reference()] { seen_ = of_next_.generations.size(); });
            }};
  }

private:
  note_taker_actor next_;
  notes& of_next_;
  std::optional<std::size_t>& seen_;
};

TEST(asio_host, what_is_posted_behind_mail_runs_behind_it_however_many_have_mail) {
  constexpr std::size_t count = 100;
  stage world;
  auto& home = world.add_loop();
  std::deque<notes> kept(count);
  std::deque<std::optional<std::size_t>> seen(count);
  std::vector<note_taker_actor> actors;
  for (std::size_t at = 0; at < count; ++at) {
    actors.emplace_back(spawn_on<note_taker>(home, std::ref(kept[at])));
    actors.emplace_back(
      spawn_on<poster>(home, actors.back(), std::ref(kept[at]), std::ref(seen[at])));
  }
  world.pump();
  asio::post(home.loop(), [&] { // from the thread itself
    for (std::size_t at = 1; at < actors.size(); at += 2)
      caf::anon_send(actors[at], withdraw_lease{100});
  });
  world.pump();
  for (std::size_t at = 0; at < count; ++at)
    EXPECT_EQ(seen[at], 1U) << at;
  for (const auto& each : actors)
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  world.pump();
}

/// Sends itself mail until it is told to stop.
class restless final : public on_io<note_taker_actor::base> {
public:
  restless(caf::actor_config& config, io_home& home, const bool& stop)
    : on_io{config, home},
      stop_{stop} {}

protected:
  behavior_type make_behavior() override {
    return {[](const collect&) { return domain::stats{}; },
            [this](const withdraw_lease& what) {
              if (!stop_)
                send(this, what);
            }};
  }

private:
  const bool& stop_;
};

TEST(asio_host, actors_that_never_rest_let_the_sockets_have_their_turn) {
  stage world;
  auto& home = world.add_loop();
  bool stop = false;
  std::vector<note_taker_actor> actors;
  for (int count = 0; count < 3; ++count)
    actors.emplace_back(spawn_on<restless>(home, std::cref(stop)));
  asio::post(home.loop(), [&] {
    for (const auto& each : actors)
      caf::anon_send(each, withdraw_lease{0});
  });
  for (int rounds = 0; rounds < 50; ++rounds)
    home.loop().poll_one();
  asio::post(home.loop(), [&stop] { stop = true; });
  world.pump(); // would not come back
  EXPECT_TRUE(stop);
  for (const auto& each : actors)
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  world.pump();
}

} // namespace
} // namespace ccapi::actors::test
