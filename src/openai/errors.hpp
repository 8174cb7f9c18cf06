#pragma once
// Failures in the clients' dialect: {"error":{"message","type","param","code"}}. The status codes
// that go with them are HTTP's business.

#include "domain/error.hpp"

#include <string>
#include <string_view>

namespace ccapi::openai {

/// The two words by which clients tell failures apart. An empty code is sent as null.
struct error_words {
  std::string_view type;
  std::string_view code;
};

error_words words_for(domain::error_code code) noexcept;

/// The JSON body of an error. Empty `code` and `param` become null. Pure.
std::string error_body(std::string_view message, std::string_view type, std::string_view code,
                       std::string_view param);

/// The same for a failure; `detail` stays out of it.
std::string error_body(const domain::error& failure);

} // namespace ccapi::openai
