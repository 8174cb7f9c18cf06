#pragma once
// running_turn: the client's side of the turn that a process runs: its sink, credit and outcome.

#include "actors/messages.hpp"
#include "config/settings.hpp"
#include "domain/turn/fence_filter.hpp"
#include "domain/turn/map_filter.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::actors {

/// What delivering an event means for the process.
enum class delivery : std::uint8_t {
  go_on,
  pause, ///< the credit is used up: read no more until some is granted
};

/// Lives as long as its turn, on the process's I/O thread. Of terminal events the first one counts,
/// and nothing after it. As a rule it goes with the report, not to the sink: a client that goes on
/// at once must find its conversation at rest.
class running_turn {
public:
  running_turn(run_turn order, const config::limits_settings& limits);

  [[nodiscard]] const run_turn& order() const noexcept { return order_; }
  /// There was a terminal event, or the client has left.
  [[nodiscard]] bool concluded() const noexcept { return concluded_; }
  [[nodiscard]] turn_outcome outcome() const noexcept { return outcome_; }
  /// If it failed.
  [[nodiscard]] const std::optional<domain::error>& failure() const noexcept { return failure_; }

  /// Passes an event on. A terminal one is flushed at once: the client need not wait for the
  /// report.
  delivery deliver(domain::event&& what);
  /// Takes the terminal event in, for the report; nothing if there was one before.
  void conclude(domain::event&& what);
  /// conclude(turn_failed)
  void fail(const domain::error& why);
  /// The process is lost. As fail(), but a client that has seen nothing of the answer is not told:
  /// the turn may run again elsewhere.
  void lose(const domain::error& why);
  /// The process has not begun with it: it is to run elsewhere.
  void bounce();
  /// The CLI has forgotten it.
  void mark_rewound() noexcept { rewound_ = true; }
  /// The client has left: nothing reaches the sink any more.
  void abandon();
  /// What was delivered may be written now.
  void flush();
  /// Credit came back. True: the process may read on.
  bool grant(std::size_t bytes) noexcept;

  /// The message that reports the turn; call once, at its end. `cost`: as in domain::usage.
  [[nodiscard]] turn_ended report(domain::process_id by, bool reusable, std::size_t rewindable = 0,
                                  std::size_t open_calls = 0, std::int64_t cost = 0);

private:
  void note(const domain::event& what);
  void note_answer(const domain::event& what);
  /// The calls as dialogues hold them; those that are none of JSON are left out.
  void add_calls();
  /// There is nothing of the event to be shown yet, or ever.
  bool withholds(domain::event& what);
  /// Text of an answer that must have a format. False: there is nothing to show yet.
  bool filter(domain::text_delta& text);
  /// Shows text that has waited for a call.
  void release();
  /// The last word tells what the turn has cost.
  void book(std::int64_t cost);
  /// The answer is complete: whether it has a call.
  void check_call(domain::event& last);
  /// The answer is complete: the rest of its text, and whether it has its format.
  void check(domain::event& last);

  run_turn order_;
  const config::limits_settings& limits_;
  domain::message answer_{domain::role::assistant, std::string{}};
  std::vector<domain::tool_use_block> calls_; ///< of the answer, so far
  domain::fence_filter fences_;               ///< for an answer that must have a format
  std::optional<domain::map_filter> maps_;    ///< of that format, if it has any
  std::string held_; ///< text of an answer that must have a call, ahead of it
  domain::usage usage_;
  turn_outcome outcome_ = turn_outcome::failed;
  std::optional<domain::error> failure_;
  std::optional<domain::event> last_word_; ///< what it was concluded with
  std::size_t credit_used_ = 0;
  bool visible_ = false; ///< a delta was delivered
  bool rewound_ = false;
  bool concluded_ = false;
  bool flush_wanted_ = false;
};

} // namespace ccapi::actors
