#pragma once
// session_rig: a claude::session between a CLI that the test plays line by line, and a clock that
// the test moves.

#include "claude/session.hpp"
#include "tests/support/cli_lines.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::claude::test {

namespace cli_lines = ccapi::test::cli_lines;
using ccapi::test::field;

class session_rig : public testing::Test {
protected:
  using step = session_step;

  void start(const std::string& version = "2.1.330");
  /// Before its first answer.
  void start_unbooted();
  /// Orders a turn with `query`, `seed`, `rewinds`, `system_prompt` and `turn_settings`.
  void order(std::string text);
  /// The same with what `query` holds.
  void order_query();
  /// One whole turn.
  void run_turn(const std::string& question, const std::string& answer = "answer");
  /// Lines of the CLI, all read at once.
  void say(std::string_view text);
  /// After each call of the session: moves what it said into the members below.
  void collect();
  /// Moves the clock, waking the session whenever it wants.
  void wait(std::chrono::milliseconds time);

  /// The next line that the session wrote; empty: there is none.
  std::string next_line();
  std::string take_control(std::string_view subtype);
  std::string take_user(bool seeded = false);
  std::string take_assistant();
  [[nodiscard]] bool silent() const { return lines.empty(); }
  /// The steps since the last call.
  std::vector<session_step> take_steps();
  /// Of the events so far, those that are a `What`.
  template <class What>
  [[nodiscard]] std::size_t count() const {
    std::size_t found = 0;
    for (const auto& event : events)
      found += std::holds_alternative<What>(event) ? 1U : 0U;
    return found;
  }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] domain::error_code code() const { return core->reason().why.code; }

  config::settings settings;
  std::optional<priming> primed;
  std::string system_prompt;
  std::size_t rewinds = 0;
  std::vector<domain::message> seed;
  std::vector<const domain::message*> seed_pointers; ///< the same, as the session takes it
  domain::message query;
  domain::turn_settings turn_settings;
  std::chrono::milliseconds time_of_turn{300'000};

  std::optional<session> core;
  session::time_point now{std::chrono::hours{1}};
  bool pipe_full = false;      ///< what is written waits
  bool reading_paused = false; ///< the client is slow
  std::deque<std::string> lines;
  std::vector<domain::event> events;
  std::vector<session_step> steps;
};

inline domain::message asked(std::string text) {
  return {domain::role::user, std::move(text)};
}
inline domain::message answered(std::string text) {
  return {domain::role::assistant, std::move(text)};
}

} // namespace ccapi::claude::test
