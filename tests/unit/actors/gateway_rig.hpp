#pragma once
// gateway_rig: the actors as the program wires them, on hand-driven I/O threads; only the launcher
// is played: each child is a scripted_cli.

#include "actors/conversation_store.hpp"
#include "actors/io/front_end.hpp"
#include "actors/io/gateway_client.hpp"
#include "actors/pool/supervisor.hpp"
#include "actors/stats_collector.hpp"
#include "memory_store.hpp"
#include "recording_sink.hpp"
#include "scripted_cli.hpp"
#include "stage.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::actors::test {

/// A child that the supervisor had started.
struct played_child {
  domain::process_id id = 0;
  std::string model;
  scripted_cli cli;
  process::launcher::exited on_exited;
  bool reaped = false;
};

class gateway_rig : public testing::Test {
protected:
  /// Builds the gateway; set `settings` before.
  void start(std::uint32_t io_threads = 1);
  /// Ends the gateway as TearDown does; it may be started anew.
  void stop();
  /// Ends the gateway as the program does; fails the test if anything is left.
  void TearDown() override;
  void close_all();
  /// The same, without waiting until it is heard.
  void send_close_all();
  void drain();
  /// Has the threads take over what `settings` holds now.
  void reconfigure();

  domain::gateway& gateway(std::size_t thread = 0) { return shards_.at(thread)->gateway; }
  io_shard& shard(std::size_t thread = 0) { return shards_.at(thread)->state; }

  /// Submits a turn of a conversation and pumps.
  domain::turn_id submit(client& from, const std::string& conversation, const std::string& query,
                         std::size_t thread = 0);
  domain::turn_id submit(client& from, domain::chat_request request, std::size_t thread = 0);
  static domain::chat_request request(const std::string& conversation, const std::string& query);
  void cancel(domain::turn_id turn, std::size_t thread = 0);

  scripted_cli& cli(std::size_t which) { return children.at(which).cli; }
  void say(std::size_t which, std::string_view lines);
  /// Answers the probe and takes the user line, which must be `query`; then says the answer.
  void first_turn(std::size_t which, const std::string& query, const std::string& answer);
  void next_turn(std::size_t which, const std::string& query, const std::string& answer);
  /// Answers the probe of a new process, and takes a dialogue of one turn that it is told.
  void boot_with_history(std::size_t which, const std::string& query, const std::string& answer);
  /// Takes a turn of the past that the process is told.
  void take_history(std::size_t which, const std::string& query, const std::string& answer);
  /// Children that were told to end do so, and dead ones are reaped.
  void reap_ended();
  void reap(std::size_t which);

  domain::stats figures();
  std::size_t live_conversations();

  config::settings settings;
  stage world;
  std::deque<played_child> children;
  /// What the gateway keeps conversations in; set it before start(). Null: in memory only.
  std::shared_ptr<memory_store> store;
  domain::health health{domain::health_state::ok, "", "/bin/claude", "2.1.330"};

private:
  struct played_thread {
    played_thread(io_home& home, const domain::placement& placement,
                  const config::settings& settings, const supervisor_actor& supervisor,
                  const domain::health& health, std::shared_ptr<domain::asked_openings> asked,
                  std::shared_ptr<const domain::cache_hasher> hasher,
                  const conversation_store_actor& store);
    io_shard state;
    front_end_actor actor;
    gateway_client gateway;
  };

  supervisor_actor supervisor_;
  conversation_store_actor store_;
  stats_collector_actor collector_;
  std::shared_ptr<domain::asked_openings> asked_ = std::make_shared<domain::asked_openings>();
  std::shared_ptr<const domain::cache_hasher> cache_hasher_ =
    std::make_shared<const domain::cache_hasher>();
  std::deque<std::optional<played_thread>> shards_;
};

} // namespace ccapi::actors::test
