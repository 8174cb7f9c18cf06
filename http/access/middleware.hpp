#pragma once
// Checks that every request passes before its route is looked up: who may be asking (a web page
// in the user's browser may not), and in which form. Pure.

#include "config/settings.hpp"
#include "http/request.hpp"
#include "http/wire/content_coding.hpp"
#include "http/wire/transport_problem.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::http {

inline constexpr std::uint16_t http_port = 80;
inline constexpr std::uint16_t https_port = 443;

/// The Host values that are ours. Against DNS rebinding: there the attacker's name stays in Host.
class host_allow_list {
public:
  /// `port`: the one that is listened on. server.allowed_hosts entries count as they are and with
  /// that port, "*" allows every host; a wildcard server.host adds nothing. `default_port`: what
  /// clients leave out.
  host_allow_list(const config::server_settings& server, std::uint16_t port,
                  std::uint16_t default_port = http_port);

  /// The same with "localhost" on any port or none, which is what clients of a Unix socket say.
  [[nodiscard]] host_allow_list for_unix_socket() const;

  /// `host`: the field's value, "name" or "name:port". Case does not matter.
  [[nodiscard]] bool allows(std::string_view host) const noexcept;

private:
  std::vector<std::string> names_; // lower case
  bool any_ = false;
  bool any_localhost_ = false;
};

/// Who may be asking. Null = go on. Order: Host (421), Origin (403), Sec-Fetch-Site (403).
const transport_problem* check_origin(const head_fields& fields, const host_allow_list& hosts,
                                      const config::cors_settings& cors) noexcept;

/// What of a request's body its head tells.
struct body_check {
  const transport_problem* problem = nullptr;       ///< null: fine
  content_coding coding = content_coding::identity; ///< to be decoded
};

/// For POST with a body: Content-Type and Content-Encoding (415). `lenient`: a body without
/// Content-Type, or declared as text/plain, is taken for JSON. Never for requests without a key: a
/// web page can send such a one anywhere.
body_check check_body(method verb, const head_fields& fields, bool lenient) noexcept;

/// The client's own id if it is safe to echo and log, else a new UUID.
std::string request_id_for(std::string_view client_value);

} // namespace ccapi::http
