#pragma once
// api_form: a client's schema as the Messages API takes it.
//
// The API knows fewer keywords, and wants every object closed. What it does not know is left out,
// added to the description of the part, which the model reads, and checked here at the end. Objects
// are closed, so that an answer has the members that the schema names and no others. A schema that
// refers to itself is unrolled a few times. What can't be had that way is refused.

#include "structured/schema.hpp"

#include <string>

namespace ccapi::structured {

/// One line of JSON. `path`: where the client wrote it. Fails with: unsupported_parameter; `param`
/// leads to the part that the API can't be told.
domain::result<std::string> api_form_of(const schema& wanted, const std::string& path);

} // namespace ccapi::structured
