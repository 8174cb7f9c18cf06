#pragma once
// exchange: what a handler sees of its connection; answer: what the connection sees of a handler
// that answers later. Everything runs on the connection's I/O thread.

#include "domain/turn/event.hpp"
#include "http/answers/response.hpp"
#include "http/request.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::http {

class http_shard;

/// An answer in work. The exchange owns it until the answer is complete or the client is gone.
class answer {
public:
  virtual ~answer() = default;
  /// What exchange::write took has left; the next write may follow. Not called for the last one.
  virtual void on_written() = 0;
  /// The time given to exchange::wake_at has come.
  virtual void on_wake() = 0;
  /// The client is gone before the answer was complete: stop working, don't touch the exchange
  /// again.
  virtual void on_gone() = 0;
};

/// What follows a piece of a streamed answer.
enum class stream_piece : std::uint8_t {
  middle, ///< more of it
  last,   ///< nothing: the answer is complete
  cut,    ///< nothing: it failed. Nobody may take it for complete, so its body gets no proper end
};

/// One request and the way to answer it: either reply() once, or work_on() and later reply() or
/// begin_stream() with any number of write(). After reply() and after the final write() the
/// exchange belongs to the next request and must not be touched.
class exchange {
public:
  virtual ~exchange() = default;

  [[nodiscard]] virtual http::request& request() = 0;
  /// What all connections of this I/O thread share.
  [[nodiscard]] virtual http::http_shard& shard() = 0;
  /// Runs a step of an answer that somebody else than the connection calls for. What it throws is
  /// logged and ends this answer and its connection: 500 if nothing was sent yet. The exchange
  /// outlives the step.
  virtual void guarded(const std::function<void()>& step) noexcept = 0;
  /// Named in the access log.
  virtual void note_conversation(std::string_view id) = 0;
  /// The request wants a turn of this model; the access log tells what became of it. Until
  /// note_outcome it counts as cancelled by its client.
  virtual void note_turn(std::string_view model) = 0;
  /// What an answer took; adds up.
  virtual void note_usage(const domain::usage& used) = 0;
  /// The answer has ended. `outcome`: a constant, "finished" or a failure's code. `model`: that
  /// ran; empty if that is not known.
  virtual void note_outcome(std::string_view outcome, std::string_view model) = 0;

  /// Sends a complete answer (for HEAD: its head).
  virtual void reply(const response_head& head, std::string_view body) = 0;

  /// The request and its copies take so much memory until the answer begins: it counts among that
  /// of bodies. False: it is not there (limits.bodies_bytes_max).
  [[nodiscard]] virtual bool hold_memory(std::size_t bytes) = 0;
  /// The answer takes its time. The client is watched meanwhile; the request's body is gone.
  virtual void work_on(std::shared_ptr<answer> work) = 0;
  /// Calls the answer's on_wake then, or a little later; replaces an earlier time.
  virtual void wake_at(std::chrono::steady_clock::time_point when) = 0;

  /// Appends the head of a streamed answer to `out`. True if its body must be chunked, else it
  /// ends with the connection.
  virtual bool begin_stream(const response_head& head, std::string& out) = 0;
  /// Sends bytes[from..]. Takes the string's memory and leaves an empty string with the memory of
  /// the write before. One write at a time: the next only after on_written. Behind a cut the
  /// connection ends, in order: what was written reaches the client.
  virtual void write(std::string& bytes, std::size_t from, stream_piece piece) = 0;
};

} // namespace ccapi::http
