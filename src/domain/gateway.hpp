#pragma once
// gateway: the port through which a client's dialect reaches the actors.

#include "domain/chat_request.hpp"
#include "domain/event_sink.hpp"
#include "domain/status.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ccapi::domain {

/// Names a submitted turn on the I/O thread that submitted it.
using turn_id = std::uint64_t;

struct ticket {
  turn_id turn = 0;
  std::string conversation_id; ///< the request's own, or a new one
};

/// One object per I/O thread; every call on that thread only. Callbacks run on it, too, and never
/// from inside the call that took them.
class gateway {
public:
  virtual ~gateway() = default;

  /// Starts a turn. Failures of any kind arrive at the sink as turn_failed.
  virtual ticket submit(chat_request request, std::shared_ptr<event_sink> sink) = 0;

  /// The client of this turn is gone: the sink hears nothing more and is released; the turn is
  /// interrupted. Harmless for a turn that has ended.
  virtual void cancel(turn_id turn) = 0;

  /// Gives back credit for delta bytes that have left. Harmless for a turn that has ended.
  virtual void acknowledge(turn_id turn, std::size_t bytes) = 0;

  /// What /health tells; cheap (a replica on this thread).
  [[nodiscard]] virtual const health& current_health() const = 0;

  /// Collects the figures of /stats from all threads. Always calls back, within 2 s.
  virtual void collect_stats(std::function<void(const stats&)> done) = 0;
};

} // namespace ccapi::domain
