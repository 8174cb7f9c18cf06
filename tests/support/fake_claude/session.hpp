#pragma once
// session: the fake CLI's side of the stream-json protocol; knows the dialogue, runs the turns.

#include "ledger.hpp"
#include "script.hpp"
#include "standin/control.hpp"
#include "standin/dialogue.hpp"
#include "standin/input.hpp"
#include "standin/lines.hpp"
#include "standin/tool_servers.hpp"
#include "turn.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fake_claude {

namespace standin = ccapi::standin;

using clock = std::chrono::steady_clock;

/// How the process was started.
struct launch {
  std::vector<std::string> arguments;
  std::string model = "sonnet";
  std::string system_prompt;
  script defaults; ///< from ANTHROPIC_FAKE_SCRIPT
  standin::tool_rules tools;
};

/// Pure of I/O: takes lines and the time, appends to output(). main.cpp moves the bytes.
class session {
public:
  session(launch how, const ledger& book, clock::time_point now);

  void on_line(std::string_view line, clock::time_point now);
  void on_eof();
  /// SIGINT: as an interrupt, then the end.
  void on_interrupt_signal();
  /// Takes the steps that are due; stops early when much output is waiting.
  void on_time(clock::time_point now);

  /// When there is something to do next, apart from input and output.
  [[nodiscard]] std::optional<clock::time_point> wake_at(clock::time_point now) const;
  [[nodiscard]] bool reads_stdin(clock::time_point now) const;
  /// Set when the process shall end, after the output has been written.
  [[nodiscard]] std::optional<int> exit_code() const noexcept { return exit_code_; }
  /// How to die ("exit", "kill", "segv", "abrt"), after the output has been written.
  [[nodiscard]] const std::optional<std::string>& death() const noexcept { return death_; }
  /// Output is to be written byte by byte.
  [[nodiscard]] bool split_writes() const { return turn_ && turn_->how().has("split"); }
  std::string& output() noexcept { return output_; }

private:
  void take(standin::user_line& line, clock::time_point now);
  void take(standin::assistant_line& line, clock::time_point now);
  void take(const standin::control_call& call, clock::time_point now);
  void take(const standin::mcp_answer& answer, clock::time_point now);
  void take(const standin::other_line& line, clock::time_point now);
  void answer(const standin::control_call& call);
  void apply(const standin::flag_settings& settings);
  void set_model(const standin::control_call& call);
  /// A message behind what an earlier change of the model left for it.
  standin::parts with_residue(standin::parts content);
  void interrupt();
  void start_turn(standin::user_line line, clock::time_point now);
  /// How the turn of a line goes: by its text, without one by the last text before it.
  [[nodiscard]] script script_for(const standin::user_line& line) const;
  /// A turn does not begin before the servers of its tools have answered, for a minute.
  [[nodiscard]] bool waits_for_servers() const { return turn_ && greeting_ && tools_.connecting(); }
  void ask_the_model();
  [[nodiscard]] std::string answer_to(const script& how);
  /// Costs a pass over the whole dialogue.
  /// Composing a request takes longer the longer the dialogue is: most of a turn, where nothing
  /// is refused and nothing of it decides what is said.
  [[nodiscard]] bool request_matters();
  [[nodiscard]] api_rules::request upstream_request();
  /// Why the API would refuse a request.
  [[nodiscard]] std::optional<api_rules::refusal>
  refusal_of(const api_rules::request& request) const;
  void take_step();
  void before_step();
  void end_turn();
  void refuse_line(const std::string& why);
  /// Everything the process was told, as JSON.
  [[nodiscard]] std::string told() const;
  [[nodiscard]] bool claim_once(const script& how) const;

  launch launch_;
  const ledger& book_;
  standin::input_reader reader_;
  standin::line_writer lines_;
  standin::dialogue dialogue_;
  standin::tool_servers tools_;
  standin::control control_;
  clock::time_point ready_at_;
  clock::time_point next_step_{};
  std::deque<standin::user_line> waiting_; ///< user lines that came during a turn
  boost::json::object extra_body_;
  std::string output_;
  std::optional<turn> turn_;
  std::optional<int> exit_code_;
  std::optional<std::string> death_;
  std::string question_; ///< of the turn
  std::string residue_;
  std::string effort_; ///< of apply_flag_settings
  int turns_ = 0;
  bool greets_ = false;
  bool greeting_ = false; ///< of a turn that has not begun
  clock::time_point patience_{};
  bool headers_broken_ = false;
  bool turn_ran_ = false;
  bool last_failed_ = false;
  bool hung_ = false;
  bool deaf_ = false;
  bool eof_ = false;
};

} // namespace fake_claude
