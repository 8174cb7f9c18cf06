#pragma once
// Which web pages may use the gateway, and what their browsers must be told. Pure.

#include "config/settings.hpp"
#include "dialect/protocol.hpp"
#include "http/request.hpp"

#include <string>
#include <string_view>

namespace ccapi::http {

/// True for an origin of the list, compared byte by byte.
bool is_listed(const config::cors_settings& cors, std::string_view origin) noexcept;

/// True for an origin of the list, or for any if all are let in. The opaque
/// origin "null" (sandboxed frames, files) is nobody's and never allowed.
bool allows_origin(const config::cors_settings& cors, std::string_view origin) noexcept;

/// True for the question that a browser asks before the real request.
bool is_preflight(method verb, const head_fields& fields) noexcept;

/// Fields of every answer to an allowed origin.
void append_cors_fields(std::string& lines, std::string_view origin,
                        const dialect::header_fields& of_dialect);

/// Further fields of the answer to a preflight. Asked-for names of request fields, 64 at most, are
/// allowed to a `listed` origin, whatever they are; to another one if they are known or of a family
/// of the gateway or the dialect.
void append_preflight_fields(std::string& lines, const head_fields& fields,
                             std::string_view allowed_methods, bool listed,
                             const dialect::header_fields& of_dialect);

} // namespace ccapi::http
