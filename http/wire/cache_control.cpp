#include "http/wire/cache_control.hpp"

#include "http/wire/ascii.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

namespace ccapi::http {

namespace {

/// RFC 9111: what is larger than this counts as this, and what can't be read is taken for stale.
constexpr std::uint32_t seconds_max = 1U << 31;

std::chrono::seconds seconds_in(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec == std::errc::result_out_of_range)
    return std::chrono::seconds{seconds_max};
  if (read.ec != std::errc{} || read.ptr != end)
    return {};
  return std::chrono::seconds{std::min<std::uint64_t>(value, seconds_max)};
}

void apply(std::string_view directive, domain::cache_rules& rules) {
  const auto equals = directive.find('=');
  const auto name = ascii::trim(directive.substr(0, equals));
  if (ascii::equals_lower(name, "no-cache")) {
    rules.read = false;
  } else if (ascii::equals_lower(name, "no-store")) {
    rules.read = rules.keep = false;
  } else if (ascii::equals_lower(name, "max-age") && equals != std::string_view::npos) {
    const auto age = seconds_in(ascii::trim(directive.substr(equals + 1)));
    rules.age_max = std::min(rules.age_max.value_or(age), age);
  }
}

} // namespace

void apply_cache_control(std::string_view value, domain::cache_rules& rules) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    apply(value.substr(0, comma), rules);
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
}

} // namespace ccapi::http
