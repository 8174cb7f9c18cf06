#pragma once
// Strict rules for the bytes of a request's head. They run before Beast's parser, which is more
// lenient than is safe for a server that a web page can reach. Pure.

#include "config/settings.hpp"
#include "http/wire/transport_problem.hpp"

#include <cstddef>
#include <string_view>

namespace ccapi::http {

/// The first line of an HTTP/2 connection.
extern const transport_problem http_2_preface;

/// Finds the end of a head in bytes as they arrive; every byte is looked at once. One per request.
class head_scanner {
public:
  struct finding {
    const transport_problem* problem = nullptr; ///< the request can't be saved: refuse it
    std::size_t head_bytes = 0;                 ///< > 0: the head is complete and this long
  };

  /// `bytes` holds all that has arrived of the request, the earlier calls' part included.
  /// Refuses early what can't become a head: line ends other than CRLF, a first byte that starts
  /// no method, a malformed request line, and what passes the limits.
  finding scan(std::string_view bytes, const config::limits_settings& limits) noexcept;

private:
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
};

/// Checks a complete head (request line to empty line, as head_scanner found it). Null = fine.
/// What it lets through has one reading only: exactly one Host on HTTP/1.1, at most one
/// Content-Length of digits or exactly "Transfer-Encoding: chunked" on 1.1, never both; no line
/// folding, no control characters, an origin-form target of visible ASCII ("*" for OPTIONS).
const transport_problem* validate_framing(std::string_view head) noexcept;

} // namespace ccapi::http
