#pragma once
// Failures in OpenAI's form: {"error":{"message","type","param","code"}}. The status codes that go
// with them are HTTP's business.

#include "dialect/public_error.hpp"

#include <string>
#include <string_view>

namespace ccapi::openai {

/// The word by which clients tell kinds of failures apart.
std::string_view error_type_of(dialect::error_kind kind) noexcept;

/// The JSON body of an error. Empty `code` and `param` become null. Pure.
std::string error_body(const dialect::public_error& what);

} // namespace ccapi::openai
