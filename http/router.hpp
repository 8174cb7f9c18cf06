#pragma once
// Finds the endpoint for a path. Pure.

#include "http/endpoints.hpp"

#include <string>
#include <string_view>

namespace ccapi::http {

struct route {
  const endpoint* found = nullptr;
  std::string parameter;  ///< {id}, percent-decoded
  std::string_view allow; ///< path known, method not: the value of the Allow header
};

/// `path`: as sent, without the query. No endpoint and an empty `allow` mean 404; an {id} that is
/// badly encoded is unknown, too.
route find_route(method verb, std::string_view path);

} // namespace ccapi::http
