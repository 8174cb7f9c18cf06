#pragma once
// idempotency_record: the answer that an Idempotency-Key stands for.

#include "domain/clock.hpp"

#include <string>

namespace ccapi::domain {

/// An answer as it can be given again. The port to HTTP says which answers are.
struct idempotency_record {
  std::string tenant{}; ///< whose key it is, as in chat_request
  std::string key{};
  std::string fingerprint{}; ///< equal for equal requests only
  unsigned status = 200;
  std::string content_type{};
  std::string fields{}; ///< complete header lines
  std::string body{};
  bool streamed = false; ///< it leaves piece by piece
  wall_time answered_at{};
};

} // namespace ccapi::domain
