#pragma once
// cached_answer: what the port to the gateway says of answers that are kept for equal requests.

#include "domain/hash128.hpp"
#include "domain/turn/event.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::domain {

/// An answer that ended in finish_reason::stop. Shared by all threads and never changed.
struct cached_answer {
  std::string text{};
  std::string reasoning{};
  std::string model{}; ///< that ran
  domain::usage usage{};
  std::vector<std::string> dropped{}; ///< as in turn_placed
};

/// What tells a request from others whose answer may differ (domain/cache/cache_key.hpp).
struct cache_key {
  hash128 hash;
  std::string bytes;              ///< all of it, to be compared where hashes are equal
  bool joins = true;              ///< an equal request's run will do; false: only one of its own
  std::chrono::seconds age_max{}; ///< of an answer that will do
};

/// What a client allows. By default everything.
struct cache_rules {
  bool read = true;                              ///< answer it from the cache
  bool keep = true;                              ///< keep its answer
  std::optional<std::chrono::seconds> age_max{}; ///< of a kept answer
};

/// What the cache has to do with a request.
enum class cache_use : std::uint8_t {
  off,    ///< there is no cache
  bypass, ///< it was not asked
  miss,   ///< it had no answer
  hit,
};

struct cache_finding {
  cache_use use = cache_use::off;
  std::shared_ptr<const cached_answer> answer{}; ///< of a hit
  std::chrono::seconds age{};                    ///< of the answer
};

} // namespace ccapi::domain
