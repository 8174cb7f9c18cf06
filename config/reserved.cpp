#include "config/reserved.hpp"

namespace ccapi::config {

namespace {

constexpr std::string_view inactive_names = "database.*";

constexpr std::string_view security_names = "auth.secret_key auth.token_expiry_hours";

bool matches(std::string_view pattern, std::string_view name) noexcept {
  if (pattern.ends_with('*'))
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

bool is_listed(std::string_view names, std::string_view name) noexcept {
  while (!names.empty()) {
    const auto space = names.find(' ');
    if (matches(names.substr(0, space), name))
      return true;
    names.remove_prefix(space == std::string_view::npos ? names.size() : space + 1);
  }
  return false;
}

} // namespace

reserved_key reserved_kind(std::string_view name) noexcept {
  if (is_listed(security_names, name))
    return reserved_key::security;
  return is_listed(inactive_names, name) ? reserved_key::inactive : reserved_key::none;
}

std::string_view reserved_names(reserved_key kind) noexcept {
  switch (kind) {
  case reserved_key::none:
    return {};
  case reserved_key::inactive:
    return inactive_names;
  case reserved_key::security:
    return security_names;
  }
  return {};
}

} // namespace ccapi::config
