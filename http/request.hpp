#pragma once
// What is known of a request: the fields of its head that matter, and what handlers may use.

#include "domain/turn/cached_answer.hpp"
#include "http/wire/body_buffer.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::dialect {
struct protocol;
}

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
  std::optional<std::string_view> authorization;
  std::optional<std::string_view> x_api_key;
  std::optional<std::string_view> api_key;
  std::optional<std::string_view> access_control_request_method;
  std::optional<std::string_view> access_control_request_headers;
  bool access_control_request_private_network = false;
  std::string_view request_id; ///< x-request-id
  std::string_view strict;     ///< x-ccapi-strict
  std::string_view accept;
  std::optional<std::string_view> idempotency_key;
  domain::cache_rules cache; ///< cache-control
  bool expects_continue = false;
  bool has_body = false; ///< a length above 0, or chunks
};

class key_usage;

/// Who is asking, as far as an API key tells.
struct caller {
  /// The key's name, also the name space of its conversations; empty while there are no keys.
  std::string name;
  /// May see what concerns all callers. True while there are no keys.
  bool admin = true;
  std::string profile = "chat";
  /// In place of file_access.additional_dirs; null: those.
  std::shared_ptr<const std::vector<std::string>> directories;
  std::uint32_t max_concurrent = 0;          ///< turns at a time; 0 = no limit
  std::int64_t budget_micro_usd_per_day = 0; ///< 0 = no limit
  std::shared_ptr<key_usage> usage;          ///< null without a key
};

/// A request that passed all checks, as handlers see it, but for its body.
struct request_head {
  http::method method = http::method::other;
  std::string path;      ///< as sent, without the query
  std::string query;     ///< without '?'
  std::string parameter; ///< the route's {id} or {model}, percent-decoded
  std::string id;        ///< goes out as x-request-id
  /// As sent, unchecked; nothing if it was not.
  std::optional<std::string> idempotency_key;
  http::caller caller;
  const dialect::protocol* dialect = nullptr;     ///< that answers are given in; never null
  bool accepts_json = false;                      ///< Accept names application/json
  bool strict = false;                            ///< x-ccapi-strict: true
  domain::cache_rules cache;                      ///< what it lets the response cache do
  std::chrono::steady_clock::time_point received; ///< when the head was complete
};

struct request : request_head {
  body_buffer body;
};

} // namespace ccapi::http
