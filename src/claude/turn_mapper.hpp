#pragma once
// turn_mapper: the CLI's lines of one turn -> domain events. Decides when the turn is over, whether
// it must be interrupted and whether the process is fit for the next one. Pure.

#include "claude/failure.hpp"
#include "claude/message.hpp"
#include "claude/streamed_calls.hpp"
#include "domain/turn/event.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::claude {

/// How long the CLI may wait by itself before it asks a busy API again, as long as the client has
/// seen nothing.
struct retry_patience {
  using steady_clock = std::chrono::steady_clock;

  std::chrono::milliseconds longest = std::chrono::milliseconds::max(); ///< one wait
  /// Until then the client's answer can still have any status: a wait that begins before must be
  /// over by then.
  steady_clock::time_point until = steady_clock::time_point::max();
  steady_clock::time_point (*now)() = &steady_clock::now;
};

/// What a run of the CLI has shown, from a question to its result, over the turns that its calls
/// make of it.
struct run_so_far {
  std::int64_t reasoning_tokens = 0; ///< its result counts those of all turns
  bool strayed = false;              ///< it holds a call that the client never hears of
  bool rewritten = false;            ///< the CLI rewrote the history or changed the model
  bool fell_back = false;            ///< another model than the one asked for answers
};

/// One object per turn; starts when the turn's user line is sent (seeded lines end before that).
/// Emits at most one terminal event and nothing after it. The end of the process before the
/// turn's result is the caller's business.
class turn_mapper {
public:
  using wall_clock = std::chrono::system_clock::time_point (*)();

  /// `now` is asked only when a rate limit's reset must become a waiting time. `tools`: what the
  /// turn offers. `before`: of the run that it goes on with.
  explicit turn_mapper(wall_clock now = &std::chrono::system_clock::now,
                       const retry_patience& patience = {}, domain::tool_list tools = {},
                       const run_so_far& before = {})
    : now_{now},
      patience_{patience},
      calls_{std::move(tools)},
      run_{before} {}

  /// Appends what the line means to `out`.
  void on_message(const message& line, std::vector<domain::event>& out);
  /// A line of this turn could not be read. If it was a piece of the answer, the answer fails.
  void on_unreadable_line() noexcept { line_lost_ = true; }

  /// The CLI turned to us with a call of a tool. False: it is none that the client knows of, and
  /// has to be answered with an error.
  bool on_call(std::string_view id, std::vector<domain::event>& out);
  /// The CLI had a call answered that the client never hears of.
  void on_foreign_call() noexcept { run_.strayed = true; }

  /// The answer ends with calls, and the CLI waits for all of their results.
  [[nodiscard]] bool parked() const noexcept { return parked_; }
  /// While parked(): the calls, in the order of the answer.
  [[nodiscard]] std::vector<std::string_view> call_ids() const { return calls_.ids(); }
  /// The CLI's result of this turn was seen: the process takes the next user line.
  [[nodiscard]] bool over() const noexcept { return over_; }
  /// A terminal event was emitted.
  [[nodiscard]] bool answered() const noexcept { return answered_; }
  /// The client has its answer (or failure), but the CLI goes on by itself: interrupt it.
  [[nodiscard]] bool interrupt_wanted() const noexcept { return interrupt_wanted_ && !over_; }
  /// A delta was emitted.
  [[nodiscard]] bool visible() const noexcept { return visible_; }
  /// While parked(): what the next turn of this run begins with.
  [[nodiscard]] run_so_far run() const noexcept;
  /// After over(): the process's history is the dialogue plus exactly this answer.
  [[nodiscard]] bool reusable() const noexcept { return over_ && reusable_; }

  /// After over(): without this turn, the process's history would be what it was before it.
  [[nodiscard]] bool undoable() const noexcept { return over_ && !run_.rewritten; }

private:
  /// One API call, as far as it was streamed.
  struct api_call {
    std::string id;
    bool open = false;           ///< started and no stop_reason yet
    bool streamed = true;        ///< as deltas, not as one whole message
    bool shown = false;          ///< a delta of it was emitted
    std::size_t text_bytes = 0;  ///< of its text that was emitted
    std::size_t block_bytes = 0; ///< of these, in its last block
    std::string stop_reason;
    domain::usage usage;
  };
  using events = std::vector<domain::event>;

  void on(const message_start& line, events& out);
  void on(const content_block_start& line, events& out);
  void on(const content_block_delta& line, events& out);
  void on(const content_block_stop& line, events& out);
  void on(const message_delta& line, events& out);
  void on(const assistant& line, events& out);
  void on(const result& line, events& out);
  void on(const api_retry& line, events& out);
  void on(const rate_limit_event& line, events& out);
  void on(const system_init& line, events& out);
  void on(const stream_error& line, events& out);
  void on(const compact_boundary& line, events& out);
  void on(const model_fallback& line, events& out);
  void on(const model_refusal_fallback& line, events& out);
  void on(const conversation_reset& line, events& out);
  template <class Line>
  void on(const Line&, events&) {}

  void begin_call(std::string_view id, std::string_view model, const token_counts& usage,
                  events& out);
  void stop_call(std::string_view stop_reason, events& out);
  void park_if_all_wait(events& out);
  void show_text(std::string_view text, events& out);
  void finish(domain::finish_reason reason, events& out);
  void fail(domain::error failure, events& out);
  void fail_cut(events& out);
  bool went_on_with_less(events& out);
  [[nodiscard]] bool refused(const result& line) const;
  /// A line was unreadable, and the text that was emitted is not what the CLI says it was.
  [[nodiscard]] bool has_gap(const result& line) const;
  [[nodiscard]] bool too_long(std::chrono::milliseconds wait) const;

  wall_clock now_;
  retry_patience patience_;
  api_call call_;
  streamed_calls calls_;
  domain::usage finished_calls_; ///< usage of the calls before call_
  std::uint32_t calls_finished_ = 0;
  std::string model_;
  trouble trouble_;
  bool started_ = false;
  bool visible_ = false;
  bool answered_ = false;
  bool over_ = false;
  bool parked_ = false;
  bool interrupt_wanted_ = false;
  bool reusable_ = false;
  bool line_lost_ = false;
  std::optional<std::string> refused_; ///< the API did not take what it was sent; its words
  run_so_far run_;
};

} // namespace ccapi::claude
