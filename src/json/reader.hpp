#pragma once
// Reads JSON that strangers send: a thin layer over simdjson's DOM with limits, refusal of
// duplicate keys, and errors in our own words.

#include "domain/result.hpp"
#include "json/padded_text.hpp"
#include "json/preflight.hpp"

#include <simdjson.h>

#include <string_view>
#include <vector>

namespace ccapi::json {

/// Not thread-safe: one per thread, reused, so that its buffers are allocated once.
class reader {
public:
  explicit reader(limits allowed)
    : allowed_{allowed} {}

  /// Parses a whole document. `text` may be changed (see preflight). A leading byte order mark is
  /// skipped. The element lives until the next call of a member and doesn't refer to `text`.
  /// Fails with: invalid_request (syntax, ill-formed UTF-8, trailing bytes, a key twice in one
  /// object, and what preflight refuses); request_too_large if there is no memory for it.
  domain::result<simdjson::dom::element> parse(padded_text text);

  /// Frees the buffers if a large document (over 1 MiB) made them grow. Ends the element's life.
  void trim();

private:
  limits allowed_;
  simdjson::dom::parser parser_;
  std::vector<std::string_view> keys_; ///< scratch space of the search for duplicates
};

} // namespace ccapi::json
