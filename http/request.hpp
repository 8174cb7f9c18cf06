#pragma once
// What is known of a request: the fields of its head that matter, and what handlers may use.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::http {

enum class method : std::uint8_t { get, head, post, del, options, other };

/// As it stands in a request line; "other" for what no route takes.
constexpr std::string_view to_string(method verb) noexcept {
  switch (verb) {
  case method::get:
    return "GET";
  case method::head:
    return "HEAD";
  case method::post:
    return "POST";
  case method::del:
    return "DELETE";
  case method::options:
    return "OPTIONS";
  case method::other:
    break;
  }
  return "other";
}

/// Values of the head's fields; views into the connection's buffer, valid until the body is read.
/// A field that came twice although it may not has the value `repeated`, which passes no check.
struct head_fields {
  static constexpr std::string_view repeated = "(repeated)";

  std::optional<std::string_view> host;
  std::optional<std::string_view> origin;
  std::optional<std::string_view> sec_fetch_site;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> content_encoding;
  std::string_view request_id; ///< x-request-id
  std::string_view accept;
  bool expects_continue = false;
  bool has_body = false; ///< a length above 0, or chunks
};

/// A request that passed all checks, as handlers see it.
struct request {
  http::method method = http::method::other;
  std::string path;      ///< as sent, without the query
  std::string query;     ///< without '?'
  std::string parameter; ///< the route's {id} or {model}, percent-decoded
  std::string id;        ///< goes out as x-request-id
  std::string body;
  std::string tenant;        ///< name of the API key that was shown; empty while there are none
  bool accepts_json = false; ///< Accept names application/json
  std::chrono::steady_clock::time_point received; ///< when the head was complete
};

} // namespace ccapi::http
