#include "http/access/middleware.hpp"

#include "domain/ids.hpp"
#include "http/access/cors.hpp"
#include "http/access/start_policy.hpp"
#include "http/wire/ascii.hpp"

#include <algorithm>

namespace ccapi::http {

namespace {

constexpr transport_problem unknown_host{
  421, error_kind::invalid_request, "host_not_allowed",
  "The Host header names none of this gateway's hosts. If clients reach it under another name, "
  "add that name to server.allowed_hosts."};
constexpr transport_problem foreign_origin{
  403, error_kind::invalid_request, "origin_not_allowed",
  "Requests from web pages are refused: this gateway uses its owner's account. Pages of your own "
  "are let in by cors.allowed_origins."};
constexpr transport_problem wrong_content_type{415, error_kind::invalid_request,
                                               "unsupported_media_type",
                                               "Content-Type must be application/json."};
bool is_type(std::string_view content_type, std::string_view wanted) noexcept {
  const auto parameters = content_type.find(';');
  return ascii::equals_lower(ascii::trim(content_type.substr(0, parameters)), wanted);
}

std::string lower_case(std::string_view text) {
  std::string lowered{text};
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), ascii::lower);
  return lowered;
}

/// "::1" -> "[::1]", as it stands in Host.
std::string in_host_form(std::string_view host) {
  const bool bare_v6 = host.find(':') != host.rfind(':') && !host.starts_with('[');
  return bare_v6 ? '[' + lower_case(host) + ']' : lower_case(host);
}

} // namespace

host_allow_list::host_allow_list(const config::server_settings& server, std::uint16_t port,
                                 std::uint16_t default_port) {
  const auto with_port = ':' + std::to_string(port);
  const auto add = [&](const std::string& name) {
    names_.push_back(name + with_port);
    if (port == default_port) // it is left out of Host
      names_.push_back(name);
  };
  for (const auto* name : {"127.0.0.1", "[::1]", "localhost"})
    add(name);
  if (!is_wildcard_name(server.host))
    add(in_host_form(server.host));
  for (const auto& entry : server.allowed_hosts) {
    any_ = any_ || entry == "*";
    names_.push_back(lower_case(entry));
    add(in_host_form(entry));
  }
}

host_allow_list host_allow_list::for_unix_socket() const {
  auto made = *this;
  made.any_localhost_ = true;
  return made;
}

bool host_allow_list::allows(std::string_view host) const noexcept {
  if (any_localhost_) {
    const auto colon = host.find(':');
    const auto port = colon == std::string_view::npos ? "0" : host.substr(colon + 1);
    if (ascii::equals_lower(host.substr(0, colon), "localhost")
        && std::all_of(port.begin(), port.end(), ascii::is_digit))
      return true;
  }
  return any_ || std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
           return ascii::equals_lower(host, name);
         });
}

const transport_problem* check_origin(const head_fields& fields, const host_allow_list& hosts,
                                      const config::cors_settings& cors) noexcept {
  if (!fields.host || !hosts.allows(*fields.host))
    return &unknown_host;
  const bool origin_allowed = fields.origin && allows_origin(cors, *fields.origin);
  if (fields.origin && !origin_allowed)
    return &foreign_origin;
  if (fields.sec_fetch_site && !origin_allowed && *fields.sec_fetch_site != "same-origin"
      && *fields.sec_fetch_site != "none")
    return &foreign_origin;
  return nullptr;
}

body_check check_body(method verb, const head_fields& fields, bool lenient) noexcept {
  if (verb != method::post || !fields.has_body)
    return {};
  const bool fits = fields.content_type
                      ? is_type(*fields.content_type, "application/json")
                          || (lenient && is_type(*fields.content_type, "text/plain"))
                      : lenient;
  if (!fits)
    return {.problem = &wrong_content_type};
  if (!fields.content_encoding)
    return {};
  const auto coding = parse_content_coding(*fields.content_encoding);
  return coding ? body_check{.coding = *coding} : body_check{.problem = &wrong_content_encoding};
}

std::string request_id_for(std::string_view client_value) {
  return domain::is_safe_request_id(client_value) ? std::string{client_value}
                                                  : domain::random_uuid();
}

} // namespace ccapi::http
