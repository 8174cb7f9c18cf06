#pragma once
// event_sink: the port through which a turn's events leave the actors.

#include "domain/turn/event.hpp"

namespace ccapi::domain {

/// Receives the events of one turn, in order; exactly one terminal event, nothing after it.
/// All calls come on the I/O thread that called gateway::submit, never from inside submit itself.
/// The sink must give back the credit of every delta by gateway::acknowledge once its bytes have
/// left (or been dropped); at most limits.stream_buffer_bytes are outstanding, plus one read.
class event_sink {
public:
  virtual ~event_sink() = default;
  virtual void on_event(event&& what) = 0;
  /// Everything that was readable has been delivered: a good moment to write.
  virtual void on_flush() = 0;
};

} // namespace ccapi::domain
