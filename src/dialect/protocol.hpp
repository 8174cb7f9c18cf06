#pragma once
// protocol: all that the server knows of a dialect. Each API has one constant of it.

#include "dialect/public_error.hpp"

#include <chrono>
#include <string>

namespace ccapi::dialect {

/// Functions without state.
struct protocol {
  /// The JSON body of a refusal or a failure.
  std::string (*error)(const public_error& what);
  /// Appends header fields of every answer, complete lines. `processing`: from the request's head
  /// to the answer's.
  void (*append_headers)(std::string& lines, std::chrono::milliseconds processing);
};

} // namespace ccapi::dialect
