#pragma once
// status_class: how HTTP answers are counted.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ccapi::domain {

/// The first digit of an HTTP answer's status.
enum class status_class : std::uint8_t { success, redirection, client_error, server_error };
inline constexpr std::size_t status_class_count = 4;

/// Of a final answer's status, 200 to 599.
constexpr status_class status_class_of(unsigned status) noexcept {
  return status < 300   ? status_class::success
         : status < 400 ? status_class::redirection
         : status < 500 ? status_class::client_error
                        : status_class::server_error;
}

/// "2xx", "3xx", "4xx", "5xx".
constexpr std::string_view to_string(status_class status) noexcept {
  constexpr std::array<std::string_view, status_class_count> names{"2xx", "3xx", "4xx", "5xx"};
  return names[static_cast<std::size_t>(status)];
}

} // namespace ccapi::domain
