#pragma once
// Reads the query of a request target. Pure.

#include "domain/result.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::http {

/// True if the parameter `name` is there, with or without a value.
bool has_query_parameter(std::string_view query, std::string_view name);

/// The value of the parameter `name`, as it is written; nothing if it is not there. Of several the
/// first one.
std::optional<std::string_view> query_value(std::string_view query, std::string_view name);

/// The whole number that the parameter `name` holds; `fallback` if it is not there. Fails with
/// invalid_request if it is there twice, is no decimal number, or not in low..high.
domain::result<std::size_t> query_number(std::string_view query, std::string_view name,
                                         std::size_t fallback, std::size_t low, std::size_t high);

/// The word that the parameter `name` holds: one of `words`, the first of them if it is not there.
/// Fails as query_number.
domain::result<std::string> query_word(std::string_view query, std::string_view name,
                                       std::initializer_list<std::string_view> words);

} // namespace ccapi::http
