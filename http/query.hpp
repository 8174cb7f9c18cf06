#pragma once
// Reads the query of a request target. Pure.

#include "domain/result.hpp"

#include <cstddef>
#include <string_view>

namespace ccapi::http {

/// True if the parameter `name` is there, with or without a value.
bool has_query_parameter(std::string_view query, std::string_view name);

/// The whole number that the parameter `name` holds; `fallback` if it is not there. Fails with
/// invalid_request if it is there twice, is no decimal number, or not in low..high.
domain::result<std::size_t> query_number(std::string_view query, std::string_view name,
                                         std::size_t fallback, std::size_t low, std::size_t high);

} // namespace ccapi::http
