#pragma once
// keyed_answers: which answers belong to which Idempotency-Keys.

#include "http/answers/answer_log.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ccapi::http {

class keyed_run;

/// An answer is in work once per name, and then kept for a while. The memory of all is bounded:
/// what was answered first goes first. Shared by all I/O threads; any thread.
class keyed_answers {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct limits {
    std::size_t bytes_max = std::size_t{64} << 20; ///< idempotency.bytes_max
    std::chrono::milliseconds age_max{600'000};    ///< idempotency.ttl
    std::chrono::milliseconds grace{60'000};       ///< idempotency.grace
  };

  /// What a name stands for.
  enum class state : std::uint8_t {
    fresh,         ///< nothing yet: `run` is the caller's to start
    in_work,       ///< `run`
    answered,      ///< `answer`
    other_request, ///< something that another request asked for
    unsure,        ///< maybe that: it is being looked up for another request
    no_room,       ///< nothing, and no memory is left for one more
  };
  struct finding {
    state is = state::fresh;
    std::shared_ptr<keyed_run> run{};
    std::shared_ptr<const answer_log> answer{};
  };

  explicit keyed_answers(const limits& within)
    : limits_{within} {}

  void set(const limits& within);
  [[nodiscard]] std::chrono::milliseconds grace() const;
  [[nodiscard]] std::chrono::milliseconds age_max() const;

  /// `make`: gives the run that is to work on it if it is fresh; throws, and nothing is claimed.
  /// `fingerprint`: equal for equal requests only.
  finding claim(const std::string& name, std::string_view fingerprint,
                const std::function<std::shared_ptr<keyed_run>()>& make, time_point now);
  /// The run of this name is the first for its key: it belongs to its request from now on.
  void found_new(const std::string& name);
  /// So many bytes are taken by the answer in work. False: there is no room; it can't be kept.
  [[nodiscard]] bool charge(const std::string& name, std::size_t bytes);
  /// The run of this name has ended with an answer that can be repeated. Needs no memory.
  /// `ended`: when that was, which may be long ago.
  void keep(const std::string& name, std::shared_ptr<const answer_log> answer, time_point ended);
  /// The run of this name has ended otherwise: the next one is fresh.
  void drop(const std::string& name);

  [[nodiscard]] std::size_t bytes() const;

private:
  struct entry {
    std::string fingerprint;
    std::shared_ptr<keyed_run> run;           ///< null once answered
    std::shared_ptr<const answer_log> answer; ///< null before
    bool unsure = true;                       ///< the store may have something for another request
    std::size_t bytes = 0;
    time_point kept_at{};
    std::list<const std::string*> node{};            ///< its name, until it is in order_
    std::list<const std::string*>::iterator place{}; ///< of that
  };
  using entries = std::unordered_map<std::string, entry>;

  void remove(entries::iterator which);
  bool make_room(std::size_t more);
  [[nodiscard]] bool is_expired(const entry& which, time_point now) const;
  void expire(time_point now);

  mutable std::mutex mutex_;
  limits limits_;
  entries entries_;
  std::list<const std::string*> order_; ///< names of those answered, the oldest first
  std::size_t bytes_ = 0;
  std::size_t kept_bytes_ = 0; ///< of those answered
};

} // namespace ccapi::http
