#pragma once
// Finds the endpoint for a path. Pure.

#include "http/endpoints.hpp"
#include "http/wire/transport_problem.hpp"

#include <string>
#include <string_view>

namespace ccapi::http {

struct route {
  const endpoint* found = nullptr;
  std::string parameter; ///< {id} or {model}, percent-decoded
  std::string allow;     ///< path known, method not (or OPTIONS): the value of the Allow header
  dialect_choice speaks = default_dialect; ///< of the path, whatever the method
  /// If nothing was found: why. 405 where the path is known, else 404 with what is missing.
  const transport_problem* problem = &route_not_found;
};

/// `path`: as sent, without the query. A parameter that is badly encoded is unknown. OPTIONS finds
/// endpoints::show_methods on every known path.
route find_route(method verb, std::string_view path);

} // namespace ccapi::http
