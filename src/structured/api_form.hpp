#pragma once
// api_form: a client's schema as the Messages API takes it.
//
// The API knows fewer keywords, and wants every object closed. What it does not know is left out,
// added to the description of the part, which the model reads, and checked here at the end. Objects
// are closed, so that an answer has the members that the schema names and no others; one that names
// none is a map, and told as a list of entries. A schema that refers to itself is unrolled a few
// times. What can't be had that way is refused.

#include "structured/schema.hpp"

#include <string>

namespace ccapi::structured {

struct api_form {
  std::string text; ///< one line of JSON
  /// An object that has this member is a map: {"map_name":[{"key":"a","value":1}]}. No property of
  /// the client's has that name. Empty: there is no map.
  std::string map_name;
};

/// `path`: where the client wrote it. Fails with: unsupported_parameter; `param` leads to the part
/// that the API can't be told.
domain::result<api_form> api_form_of(const schema& wanted, const std::string& path);

} // namespace ccapi::structured
