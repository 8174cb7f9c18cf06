#pragma once
// shared_run: one run of a turn that equal requests share. Its events form a log, in which each
// reader has a position of its own. Pure.

#include "domain/turn/cached_answer.hpp"
#include "domain/turn/event_sink.hpp"
#include "domain/turn/gateway.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::domain {

/// As long as the log is within its limit it is kept from the beginning: whoever comes later has
/// all of it, and the fastest reader paces the run, so that nobody waits for another one. From
/// there on nobody else may come, what all have read is dropped, and the slowest one paces the run:
/// memory never grows further. One thread. A sink may make its reader leave, or another one join,
/// while it is told something; nothing else.
class shared_run {
public:
  struct limits {
    std::size_t log_bytes_max = std::size_t{1} << 20;
    std::size_t window = std::size_t{256} << 10; ///< bytes that a reader may be ahead of its client
  };

  /// One of those who get the answer.
  class reader {
  public:
    reader(turn_id turn, std::shared_ptr<event_sink> sink, std::size_t window)
      : turn_{turn},
        sink_{std::move(sink)},
        credit_{static_cast<std::int64_t>(window)} {}

    [[nodiscard]] turn_id turn() const noexcept { return turn_; }
    /// It has heard the last event, or has left.
    [[nodiscard]] bool done() const noexcept { return !sink_; }

  private:
    friend class shared_run;
    turn_id turn_;
    std::shared_ptr<event_sink> sink_;
    std::int64_t credit_;       ///< bytes of deltas that it may still be told; below 0: told more
    std::size_t returned_ = 0;  ///< bytes that its client has taken
    std::uint64_t segment_ = 0; ///< where it goes on
    std::size_t offset_ = 0;    ///< of the segment's text, what it knows
  };

  explicit shared_run(const limits& within)
    : limits_{within} {}

  /// An equal request may still join: it would get the answer from its beginning.
  [[nodiscard]] bool admits() const noexcept { return !trimmed_ && !over_; }
  std::shared_ptr<reader> join(turn_id turn, std::shared_ptr<event_sink> sink);
  /// Its client is gone. True: it was the last one, nobody needs the run any more.
  bool leave(reader& who);

  /// Puts an event into the log. Nobody is told yet.
  void take(event&& what);
  /// Tells readers what they don't know, as far as they have credit.
  void feed(reader& who);
  void feed_all();
  void flush(reader& who);
  void flush_all();
  /// Tells one reader what is not in the log.
  void tell(reader& who, event&& what);

  /// A reader's client has taken so many bytes.
  void grant(reader& who, std::size_t bytes);
  /// What the run may be given back of its credit, since the last call.
  [[nodiscard]] std::size_t take_release() noexcept;

  /// The run has ended.
  [[nodiscard]] bool over() const noexcept { return over_; }
  [[nodiscard]] std::size_t log_bytes() const noexcept { return log_bytes_; }
  [[nodiscard]] const std::vector<std::shared_ptr<reader>>& readers() const noexcept {
    return readers_;
  }
  /// What can be kept of a run that is over: a whole answer that ended by itself and fits into the
  /// log, by the model that was meant.
  [[nodiscard]] std::optional<cached_answer> answer() const;

private:
  [[nodiscard]] std::optional<event> next(reader& who);
  void append(event&& what);
  void note(const event& what);
  void trim();
  void forget_done();

  const limits limits_;
  std::vector<std::shared_ptr<reader>> readers_;
  std::deque<event> log_;
  std::uint64_t first_segment_ = 0; ///< the number of log_.front()
  std::size_t log_bytes_ = 0;
  std::size_t fastest_ = 0;  ///< most that a client has taken
  std::size_t released_ = 0; ///< of the run's credit
  std::vector<std::string> dropped_{};
  std::optional<turn_finished> finished_{};
  bool fell_back_ = false;
  bool trimmed_ = false; ///< the log has been too long
  bool over_ = false;
  bool cost_told_ = false; ///< to whoever heard the end first
  unsigned telling_ = 0;   ///< calls of sinks under way
};

} // namespace ccapi::domain
