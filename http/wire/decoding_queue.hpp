#pragma once
// decoding_queue: whose encoded body is decoded next, and how fast. Decoding costs much more than
// sending what is decoded, so only two go on at a time on an I/O thread, with pauses that leave
// most of its time to others, and the rest waits in order.

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace ccapi::http {

/// On its I/O thread only. Who waits is bounded by the connections.
class decoding_queue {
  using hook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<decoding_queue>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

public:
  static constexpr std::size_t at_a_time = 2;
  static constexpr std::chrono::milliseconds pause_max{20};

  /// Leaves the queue when it is destroyed.
  class member : public hook {
  public:
    virtual ~member() = default;
    /// It is this one's turn now; called from another's leave(). Must not call the queue. False:
    /// it can't take its turn, which is the next one's.
    virtual bool on_decoding_turn() noexcept = 0;

    [[nodiscard]] bool waits_for_decoding() const noexcept { return hook::is_linked(); }
    void stop_waiting_for_decoding() noexcept { hook::unlink(); }
  };

  /// True: its turn has begun. False: it waits.
  [[nodiscard]] bool enter(member& who) noexcept {
    if (running_ == at_a_time) {
      waiting_.push_back(who);
      return false;
    }
    ++running_;
    return true;
  }

  /// How long one that is decoded rests after a slice that took so long: two together get a quarter
  /// of the thread's time, one alone half of it.
  [[nodiscard]] std::chrono::nanoseconds pause_after(std::chrono::nanoseconds took) const noexcept {
    const bool alone = running_ < at_a_time;
    return std::min<std::chrono::nanoseconds>(took * (alone ? 1 : 7), pause_max);
  }

  /// A turn is over. Call it once for each that began.
  void leave() noexcept {
    while (!waiting_.empty()) {
      auto& next = waiting_.front();
      waiting_.pop_front();
      if (next.on_decoding_turn())
        return;
    }
    --running_;
  }

private:
  boost::intrusive::list<member, boost::intrusive::base_hook<hook>,
                         boost::intrusive::constant_time_size<false>>
    waiting_;
  std::size_t running_ = 0;
};

} // namespace ccapi::http
