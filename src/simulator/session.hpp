#pragma once
// session: the simulated CLI's side of the stream-json protocol, as far as the gateway uses it.

#include "simulator/answer.hpp"
#include "simulator/tool_use.hpp"
#include "standin/control.hpp"
#include "standin/dialogue.hpp"
#include "standin/input.hpp"
#include "standin/lines.hpp"
#include "standin/tool_calls.hpp"
#include "standin/tool_servers.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::simulator {

/// Pure of I/O: takes lines and the time, appends to output(). simulator.cpp moves the bytes.
class session {
public:
  using clock = std::chrono::steady_clock;
  /// Between two deltas.
  static constexpr std::chrono::milliseconds pace{15};

  explicit session(standin::tool_rules tools = {});

  void on_line(std::string_view line, clock::time_point now);
  /// A running turn is finished first.
  void on_eof(clock::time_point now);
  /// Says what is due; waits while much output is unwritten.
  void on_time(clock::time_point now);

  /// When on_time has something to do; nothing: only after input, or after output was written.
  [[nodiscard]] std::optional<clock::time_point> wake_at() const;
  /// Set when the process shall end, after the output has been written.
  [[nodiscard]] std::optional<int> exit_code() const noexcept { return exit_code_; }
  /// Why it ends with a code other than 0.
  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }
  /// What is to be written to stdout; whoever writes it removes it.
  std::string& output() noexcept { return output_; }

private:
  /// The turn in progress.
  struct turn {
    std::string uuid;                  ///< of its question
    std::optional<standin::part> call; ///< that it waits for
    int api_calls = 0;
    answer text;
    std::size_t said = 0; ///< deltas
    std::int64_t input_tokens = 0;
    clock::time_point next{};
  };

  void handle(standin::user_line& line, clock::time_point now);
  void handle(standin::assistant_line& line, clock::time_point now);
  void handle(const standin::control_call& call, clock::time_point now);
  void handle(const standin::mcp_answer& answer, clock::time_point now);
  void begin_turn(standin::user_line line, clock::time_point now);
  void make_call(const wanted_call& wanted, clock::time_point now);
  /// What is due because of answers to the call.
  void go_on(clock::time_point now);
  void begin_answer(std::string text, clock::time_point now);
  /// What the turn has said so far.
  [[nodiscard]] std::string said() const;
  void finish_turn();
  void interrupt();
  void end_turn(std::string text);
  void fail(std::string why);

  standin::input_reader reader_;
  standin::line_writer lines_;
  standin::dialogue dialogue_;
  standin::tool_servers tools_;
  standin::tool_calls calls_{lines_, tools_}; ///< of the turn
  standin::control control_{lines_, dialogue_, tools_};
  std::string extra_body_;
  answer_limits limits_;
  std::optional<standin::user_line> held_; ///< a question that waits for the servers of its tools
  clock::time_point patience_{};           ///< how long it waits
  std::optional<turn> turn_;
  bool eof_ = false;
  std::string output_;
  std::string complaint_;
  std::optional<int> exit_code_;
};

} // namespace ccapi::simulator
