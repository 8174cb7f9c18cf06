#pragma once
// Whom the gateway may be reachable for: there are no API keys, so loopback only, unless the
// owner says otherwise in so many words. Pure.

#include "config/settings.hpp"
#include "domain/result.hpp"

#include <string_view>

namespace ccapi::http {

/// True for 127.0.0.0/8, ::1 (bracketed or not) and "localhost".
bool is_loopback_name(std::string_view host) noexcept;

/// True for 0.0.0.0 and :: (bracketed or not): all addresses of the host.
bool is_wildcard_name(std::string_view host) noexcept;

/// Fails with: invalid_request, a paragraph for the person who starts the gateway; `param` is the
/// key to change.
domain::result<void> check_bind(const config::server_settings& server);

} // namespace ccapi::http
