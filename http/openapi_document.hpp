#pragma once
// The description of the API that GET /openapi.json answers; its text is http/openapi.json, which
// the build puts into the program.

#include <string>
#include <string_view>

namespace ccapi::http {

/// http/openapi.json as it is. In a source file that the build makes.
extern const std::string_view openapi_source;

/// With the version filled in. Pure.
std::string openapi_document(std::string_view version);

} // namespace ccapi::http
