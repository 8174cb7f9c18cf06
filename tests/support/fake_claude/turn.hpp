#pragma once
// turn: the lines of one turn, one step at a time, as its script wants them.

#include "answer_source.hpp"
#include "ledger.hpp"
#include "script.hpp"
#include "standin/lines.hpp"
#include "tests/support/api_rules/api_rules.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace fake_claude {

/// Steps through init, status, the stream's events, the assistant lines and the result.
class turn {
public:
  /// `max_tokens`: deltas after which the answer stops with max_tokens, if the script honours it.
  turn(script how, std::string answer, std::string prompt_uuid,
       std::optional<std::int64_t> max_tokens, ccapi::standin::line_writer& lines,
       const ledger& book);

  /// The API refuses the request: the turn ends as the CLI ends it then. Before the first step.
  void refuse_request(api_rules::refusal why) { refusal_ = std::move(why); }
  /// Appends the next line (sometimes two). Only while not over().
  void step(std::string& out);
  /// How long to wait before the next step.
  [[nodiscard]] std::chrono::milliseconds pause() const;
  [[nodiscard]] bool over() const noexcept { return phase_ == phase::over; }
  /// Closes what is open the way the CLI does when interrupted. over() holds afterwards.
  void interrupt(std::string& out);

  [[nodiscard]] const std::string& said() const noexcept { return said_; }
  /// The result was an error.
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] const std::string& prompt_uuid() const noexcept { return prompt_uuid_; }
  [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }
  [[nodiscard]] const script& how() const noexcept { return how_; }
  /// Steps taken so far: where die_at and hang_at count.
  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }

private:
  enum class phase {
    init,
    status,
    message_start,
    thinking_start,
    thinking,
    thinking_whole,
    thinking_stop,
    text_start,
    text,
    text_whole,
    text_stop,
    message_delta,
    message_stop,
    continuation,
    error,
    result,
    over
  };

  void text_step(std::string& out);
  void abandon(std::string& out);
  void refuse(std::string& out);
  void go_on(std::string& out);
  void fail(std::string& out);
  void finish(std::string& out);
  [[nodiscard]] int text_index() const { return how_.has("think") ? 1 : 0; }

  script how_;
  std::string answer_;
  std::string prompt_uuid_;
  std::optional<std::int64_t> max_tokens_;
  ccapi::standin::line_writer& lines_;
  const ledger& book_;
  phase phase_ = phase::init;
  answer_source source_;
  std::optional<std::string> next_;
  std::string stop_reason_;
  std::string said_;
  std::string thought_;
  std::optional<api_rules::refusal> refusal_;
  std::vector<std::string> played_;
  std::int64_t steps_ = 0;
  std::int64_t deltas_ = 0;
  std::int64_t thoughts_ = 0;
  bool abandoned_ = false;
  bool failed_ = false;
  bool interrupted_ = false;
  int calls_ = 1;
  int retries_ = 0; ///< that were announced
};

} // namespace fake_claude
