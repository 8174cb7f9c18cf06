#pragma once
// process_rig: one claude_process between a child that the test plays, and a conversation, a
// front end and a supervisor that only take notes.

#include "actors/turns/claude_process.hpp"
#include "recording_sink.hpp"
#include "scripted_cli.hpp"
#include "stage.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::actors::test {

class process_rig : public testing::Test {
protected:
  static constexpr domain::process_id id = 7;

  /// Starts the actor over a fresh child. Set `settings` before.
  void start();
  /// Starts and boots.
  void start_booted();
  void TearDown() override;

  /// Orders a turn; gives its number.
  domain::turn_id order(client& from, std::string query, std::vector<domain::message> seed = {},
                        std::string system_prompt = {}, domain::turn_settings turn_settings = {});
  /// One whole turn of a process without settings and prompt.
  void run_turn_to_end(const std::string& query, const std::string& answer);
  void cancel(domain::turn_id turn);
  void grant(domain::turn_id turn, std::size_t bytes);
  void tell_exit(int code = 0);
  domain::idle_report probe();
  bool retire();
  void say(std::string_view lines);

  /// The only report so far of how a turn ended; fails the test if there is another number of them.
  turn_ended only_end() const;
  /// The process was lost: whoever has seen something of the answer was told, others were not.
  void expect_lost(const client& asker, domain::error_code code) const;

  std::size_t rewinds = 0;               ///< of the turns that are ordered
  std::optional<claude::priming> primed; ///< what the child was told ahead
  config::settings settings;
  stage world;
  scripted_cli cli;
  claude_process_actor process;
  std::optional<io_shard> shard;

  // what the others heard
  std::vector<turn_ended> ends;
  std::size_t left_service = 0;
  std::size_t claims = 0;
  std::vector<process_booted> boots;
  std::size_t idle_notes = 0;
  std::size_t spoiled = 0;

private:
  io_home& home_ = world.add_loop();
  turn_listener_actor::extend_with<process_listener_actor> listener_; ///< of turns and the end
  supervisor_actor supervisor_;
  domain::turn_id last_turn_ = 0;
  domain::prefix_index dialogues_;
  std::map<domain::turn_id, std::shared_ptr<domain::event_sink>> sinks_; ///< as a conversation's
};

inline domain::message asked(std::string text) {
  return {domain::role::user, std::move(text)};
}
inline domain::message answered(std::string text) {
  return {domain::role::assistant, std::move(text)};
}

} // namespace ccapi::actors::test
