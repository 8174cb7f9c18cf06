#pragma once
// The table of smuggling_test: requests that two readers could understand differently.

#include <string>
#include <vector>

namespace ccapi::http::test {

/// What may happen to a request that was sent behind the row's.
enum class behind {
  unread,   ///< the connection ends; nothing behind the row is answered
  answered, ///< it gets its own answer
};

struct smuggling_row {
  std::string name;
  std::string bytes; ///< "$HOST" stands for the gateway's own
  unsigned status;
  behind rest = behind::unread;
};

/// Many rows hide `GET /v1/models/smuggled` where a lenient reader would find it; no answer may
/// ever speak of it.
std::vector<smuggling_row> smuggling_rows();

} // namespace ccapi::http::test
