#include "actors/io/turn_sinks.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace ccapi::actors {
namespace {

/// Keeps what it hears.
class listener final : public domain::event_sink {
public:
  void on_event(domain::event&& what) override { events.push_back(std::move(what)); }
  void on_flush() override { ++flushes; }

  std::vector<domain::event> events;
  std::size_t flushes = 0;
};

TEST(turn_sinks, mail_says_that_the_turn_is_over_whatever_comes_behind_its_end) {
  std::vector<std::pair<std::size_t, bool>> mails;
  remote_sink sink{
    [&](std::vector<domain::event> batch, bool over) { mails.emplace_back(batch.size(), over); }};
  sink.on_flush();
  sink.on_event(domain::text_delta{"a"});
  sink.on_event(domain::text_delta{"b"});
  sink.on_flush();
  sink.on_event(domain::turn_finished{});
  sink.on_event(domain::text_delta{"late"});
  sink.on_flush();
  EXPECT_EQ(mails, (std::vector<std::pair<std::size_t, bool>>{{2, false}, {2, true}}));
}

TEST(turn_sinks, one_that_has_left_hears_nothing_more) {
  const auto client = std::make_shared<listener>();
  std::size_t over = 0;
  local_sink sink{[&](const domain::event&) { ++over; }, client};
  sink.on_event(domain::text_delta{"a"});
  sink.detach();
  sink.on_event(domain::turn_finished{});
  sink.on_flush();
  EXPECT_EQ(client->events.size(), 1U);
  EXPECT_EQ(client->flushes, 0U);
  EXPECT_EQ(over, 0U);
}

TEST(turn_sinks, end_of_a_turn_is_told_once_with_its_flush) {
  const auto client = std::make_shared<listener>();
  std::size_t over = 0;
  local_sink sink{[&](const domain::event&) { ++over; }, client};
  sink.on_event(domain::turn_finished{});
  sink.on_flush();
  sink.on_event(domain::text_delta{"late"});
  sink.on_flush();
  EXPECT_EQ(client->events.size(), 1U);
  EXPECT_EQ(client->flushes, 1U);
  EXPECT_EQ(over, 1U);
}

TEST(turn_sinks, turn_that_nobody_ends_fails_unless_nobody_can_be_told) {
  for (const bool alive : {true, false}) {
    const auto client = std::make_shared<listener>();
    abandonment_guard{std::make_shared<const bool>(alive), client}.on_event(
      domain::text_delta{"a"});
    ASSERT_EQ(client->events.size(), alive ? 2U : 1U);
    EXPECT_EQ(std::holds_alternative<domain::turn_failed>(client->events.back()), alive);
    EXPECT_EQ(client->flushes, alive ? 1U : 0U);
  }
}

} // namespace
} // namespace ccapi::actors
