#pragma once
// Whether the gateway may start with these settings: who could reach it, and what he could do.
// Pure.

#include "config/settings.hpp"
#include "domain/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ccapi::http {

/// True for 127.0.0.0/8, ::1 (bracketed or not) and "localhost".
bool is_loopback_name(std::string_view host) noexcept;

/// True for 0.0.0.0 and :: (bracketed or not): all addresses of the host.
bool is_wildcard_name(std::string_view host) noexcept;

/// | host         | API keys | skip_permissions | may start                                    |
/// |--------------|----------|------------------|----------------------------------------------|
/// | loopback     | no       | false            | yes                                          |
/// | loopback     | no       | true             | only with server.allow_insecure_no_auth      |
/// | not loopback | no       | false            | only with server.allow_insecure_no_auth      |
/// | not loopback | no       | true             | never                                        |
/// | any          | yes      | any              | yes                                          |
///
/// Nor without keys when auth.enabled, cors.allow_any or server.allowed_hosts = ["*"] ask for them.
/// Fails with: invalid_request, a paragraph for the person who starts the gateway; `param` is the
/// key to change.
domain::result<void> check_start(const config::settings& given);

/// What may be so but is worth a warning at the start, a sentence each.
std::vector<std::string> start_warnings(const config::settings& given);

} // namespace ccapi::http
