// The scheduler's clock: what it passes on.

#include "actors/quiet_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;

/// Notes whose timeouts are cancelled.
class recording_clock final : public caf::detail::simple_actor_clock {
public:
  void set_ordinary_timeout(time_point, caf::abstract_actor*, caf::atom_value,
                            std::uint64_t) override {}
  void set_multi_timeout(time_point, caf::abstract_actor*, caf::atom_value,
                         std::uint64_t) override {}
  void set_request_timeout(time_point, caf::abstract_actor*, caf::message_id) override {}
  void cancel_ordinary_timeout(caf::abstract_actor*, caf::atom_value) override {}
  void cancel_request_timeout(caf::abstract_actor*, caf::message_id) override {}
  void cancel_timeouts(caf::abstract_actor* self) override { ended.push_back(self->id()); }
  void schedule_message(time_point, caf::strong_actor_ptr, caf::mailbox_element_ptr) override {}
  void schedule_message(time_point, caf::group, caf::strong_actor_ptr, caf::message) override {}
  void cancel_all() override {}

  std::vector<caf::actor_id> ended;
};

struct settings : caf::actor_system_config {
  settings() {
    load<quiet_scheduler>();
    set("scheduler.max-threads", std::size_t{1});
  }
};

TEST(quiet_clock, passes_the_end_on_of_actors_with_timeouts_only) {
  settings chosen;
  caf::actor_system system{chosen};
  const caf::scoped_actor with{system};
  const caf::scoped_actor without{system};
  const auto of = [](const caf::scoped_actor& actor) {
    return caf::actor_cast<caf::abstract_actor*>(actor.address());
  };
  recording_clock target;
  quiet_clock clock{target};
  clock.set_request_timeout(clock.now() + 1s, of(with), caf::make_message_id(1));
  clock.cancel_timeouts(of(without));
  clock.cancel_timeouts(of(with));
  clock.cancel_timeouts(of(with)); // there are none any more
  EXPECT_EQ(target.ended, std::vector{of(with)->id()});
}

TEST(quiet_scheduler, keeps_time) {
  settings chosen;
  caf::actor_system system{chosen};
  ASSERT_NE(dynamic_cast<quiet_clock*>(&system.clock()), nullptr);
  const caf::scoped_actor self{system};
  const auto silent = system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int) { return caf::delegated<int>{}; }};
  });
  caf::error failure;
  self->request(silent, 5ms, 1).receive([](int) {}, [&](const caf::error& why) { failure = why; });
  EXPECT_EQ(failure, caf::sec::request_timeout);
  self->delayed_send(self, 5ms, 7);
  int got = 0;
  self->receive([&](int number) { got = number; });
  EXPECT_EQ(got, 7);
  caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace ccapi::actors::test
