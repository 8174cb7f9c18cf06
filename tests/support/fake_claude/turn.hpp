#pragma once
// turn: the lines of one turn, one step at a time, as its script wants them.

#include "answer_source.hpp"
#include "ledger.hpp"
#include "reply.hpp"
#include "script.hpp"
#include "standin/dialogue.hpp"
#include "standin/lines.hpp"
#include "standin/tool_calls.hpp"
#include "standin/tool_servers.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace fake_claude {

/// Tokens of one API call; a different number per field, the same as the Messages API stand-in's.
inline constexpr ccapi::standin::token_usage call_usage{
  .input = 11, .output = 53, .cache_write = 23, .cache_read = 37};

/// Steps through init, status, the stream's events, the assistant lines and the result. Where an
/// answer has calls it stands still until the parent has answered them, and wants another reply.
class turn {
public:
  /// All but `how` and `prompt_uuid` must outlive it.
  turn(script how, std::string prompt_uuid, ccapi::standin::line_writer& lines,
       ccapi::standin::tool_servers& servers, ccapi::standin::dialogue& known, const ledger& book);

  /// The API has to be asked: begin() comes before the next step.
  [[nodiscard]] bool wants_reply() const noexcept { return phase_ == phase::ask; }
  void begin(reply what);
  /// Appends the next line (sometimes two). Only while neither over() nor standing.
  void step(std::string& out);
  /// Nothing can be said before the parent has answered a call.
  [[nodiscard]] bool stands() const noexcept { return stands_; }
  /// The parent's answer to a call; false if none is meant.
  bool take(const ccapi::standin::mcp_answer& answer);
  void close_servers(const std::vector<std::string>& names);
  /// stdin has ended: no call will be answered.
  void close_calls();
  /// How long to wait before the next step.
  [[nodiscard]] std::chrono::milliseconds pause() const;
  [[nodiscard]] bool over() const noexcept { return phase_ == phase::over; }
  /// Tells the parent that its calls are not wanted any more. Before interrupt().
  void cancel_calls(std::string& out) { calls_.cancel(out); }
  /// Closes what is open the way the CLI does when interrupted. over() holds afterwards.
  void interrupt(std::string& out);

  /// The result was an error.
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] const std::string& prompt_uuid() const noexcept { return prompt_uuid_; }
  [[nodiscard]] const script& how() const noexcept { return how_; }
  /// Steps taken so far: where die_at and hang_at count.
  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }

private:
  enum class phase {
    ask,
    init,
    status,
    message_start,
    block_start,
    block,
    block_whole,
    block_stop,
    message_delta,
    message_stop,
    parked,
    continuation,
    error,
    result,
    over
  };

  /// A block of the answer.
  struct planned {
    ccapi::standin::block what = ccapi::standin::block::text;
    ccapi::standin::part made;            ///< as far as it has been said
    std::vector<std::string> pieces = {}; ///< but for text
    std::size_t said = 0;                 ///< pieces
  };

  void message_step(std::string& out);
  void start_block(std::string& out);
  void text_step(std::string& out);
  void piece_step(std::string& out);
  void whole_block(std::string& out);
  void stop_block(std::string& out);
  void stop_message(std::string& out);
  void look_for_calls();
  void abandon(std::string& out);
  void refuse(std::string& out);
  void go_on(std::string& out);
  void fail(std::string& out);
  void finish(std::string& out);
  void remember(bool interrupted);
  [[nodiscard]] planned& now() { return blocks_[index_]; }
  [[nodiscard]] int index() const { return static_cast<int>(index_); }

  script how_;
  std::string prompt_uuid_;
  ccapi::standin::line_writer& lines_;
  ccapi::standin::tool_servers& servers_;
  ccapi::standin::dialogue& known_;
  const ledger& book_;
  ccapi::standin::tool_calls calls_;
  phase phase_ = phase::ask;
  reply reply_;
  answer_source source_{std::string{}};
  std::vector<planned> blocks_;
  std::size_t index_ = 0;
  std::optional<std::string> next_;
  std::string stop_reason_;
  std::string said_;
  std::vector<std::string> played_;
  std::int64_t steps_ = 0;
  std::int64_t deltas_ = 0; ///< of the answer's text
  bool abandoned_ = false;
  bool failed_ = false;
  bool stands_ = false;
  int api_calls_ = 0;
  int retries_ = 0; ///< that were announced
};

} // namespace fake_claude
