#pragma once
// sse_writer: the sink of a streamed chat turn. Turns domain events into server-sent events and
// hands them to the connection, one write at a time.

#include "domain/turn/event_sink.hpp"
#include "domain/turn/gateway.hpp"
#include "http/answers/chat_plan.hpp"
#include "http/answers/exchange.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace ccapi::http {

/// Owned by its exchange and by the gateway; on their I/O thread only. The head of the answer
/// leaves with the first delta, or limits.stream_header_delay after a process was asked: a turn
/// that fails earlier, or that waits for a process, gets a real status code. What arrives while a
/// write is under way is gathered and leaves with the next; credit goes back when the bytes have
/// left, so that a slow client holds the turn back. A turn that fails later ends with an error
/// frame and without the last chunk.
class sse_writer final : public domain::event_sink, public answer {
public:
  sse_writer(exchange& client, chat_plan plan);
  /// For `count` turns that share the stream: `turns`, which outlives it, knows which are meant.
  sse_writer(exchange& client, chat_plan plan, domain::turn_control& turns, std::size_t count);

  /// Call once, right after gateway::submit.
  void start(domain::turn_id turn);

  /// The events that follow are of this choice; of the first one to begin with.
  void select_choice(std::size_t next);
  /// Tells the end of a choice that is not the last one to end.
  void end_choice(const domain::event& end);

  /// As on_event and on_flush, from inside a step of the connection: of its handler, or of
  /// turn_control::acknowledge.
  void play(domain::event&& what);
  void write_played();

  void on_event(domain::event&& what) override;
  void on_flush() override;
  void on_written() override;
  void on_wake() override;
  void on_gone() override;

private:
  bool gathers(domain::event& what);
  void take(domain::event&& what);
  void on_delta(domain::event&& delta);
  void tell(const domain::event& what);
  void on_finished(const domain::event& end);
  void on_failed(const domain::event& end);
  void open(std::string_view model);
  void encode_held();
  void encode_all_held();
  [[nodiscard]] std::size_t held_bytes() noexcept;
  void try_write();
  void give_up_when_flooded();
  [[nodiscard]] bool ended() const noexcept { return next_piece_ != stream_piece::middle; }
  [[nodiscard]] bool has_pending() const noexcept { return pending_.size() > room_; }

  exchange* client_; ///< null when the client is gone or has its answer
  domain::turn_control* control_;
  chat_plan plan_;
  domain::turn_id turn_ = 0;
  turn_trace trace_;
  const std::chrono::milliseconds ping_interval_;
  const std::size_t credit_lot_;
  const std::size_t pending_max_;

  std::string head_;     ///< of the response, until the first write
  std::size_t room_ = 0; ///< bytes at the front of pending_ kept free for head and chunk size
  std::string pending_;  ///< room, then events that wait for the write under way
  /// Deltas of one kind, and of one call, that wait to become one event, when much is pending.
  domain::event held_ = domain::text_delta{};
  /// The same of the choices that are not selected; of a single one, nothing.
  std::vector<domain::event> others_held_{};
  std::size_t choice_ = 0;
  std::size_t pending_credit_ = 0;   ///< of pending_ and what is held
  std::size_t in_flight_credit_ = 0; ///< of the write under way
  std::size_t owed_credit_ = 0;      ///< has left, not yet given back
  std::chrono::steady_clock::time_point last_write_;
  bool asked_ = false; ///< a process has been
  bool opened_ = false;
  bool chunked_ = true;
  stream_piece next_piece_ = stream_piece::middle; ///< what the next write is
  bool writing_ = false;
};

} // namespace ccapi::http
