#pragma once
// Structured log lines: a sentence ("subject verb object") and fields, as text or JSON.

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ccapi::observe {

enum class log_level : std::uint8_t { trace, debug, info, warning, error, off };
enum class log_format : std::uint8_t { text, json };

/// The level or format of that name, as the configuration writes it; nothing for other names.
std::optional<log_level> level_from(std::string_view name) noexcept;
std::optional<log_format> format_from(std::string_view name) noexcept;

/// One key and its value. Strings are escaped (control characters, line breaks, U+2028, bidi
/// controls) and cut at 512 bytes when written; never put prompt text or secrets in one.
struct field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool,
               std::chrono::microseconds>
    value;

  field(std::string_view k, std::string_view v)
    : key{k},
      value{v} {}
  field(std::string_view k, const std::string& v)
    : key{k},
      value{std::string_view{v}} {}
  field(std::string_view k, const char* v)
    : key{k},
      value{std::string_view{v}} {}
  field(std::string_view k, bool v)
    : key{k},
      value{v} {}
  field(std::string_view k, double v)
    : key{k},
      value{v} {}
  /// Shown in milliseconds: 12.345.
  field(std::string_view k, std::chrono::microseconds v)
    : key{k},
      value{v} {}
  field(std::string_view k, int v)
    : key{k},
      value{std::int64_t{v}} {}
  field(std::string_view k, std::int64_t v)
    : key{k},
      value{v} {}
  field(std::string_view k, std::uint64_t v)
    : key{k},
      value{v} {}
};

/// A handle that is cheap to copy; any thread. Lines go to stderr through a bounded asynchronous
/// queue (oldest lines are dropped, and counted, when it is full: logging never stalls a turn).
/// Destroying the last copy flushes.
class logger {
public:
  /// A logger that writes nothing.
  logger();
  /// `gather_time`: a line below warning waits so long for others to be written with.
  logger(log_level level, log_format format,
         std::chrono::milliseconds gather_time = std::chrono::milliseconds{50});

  [[nodiscard]] bool enabled(log_level level) const noexcept;
  /// Another level from the next line on, for all copies.
  void set_level(log_level level) const noexcept;
  /// `more`: fields that follow.
  void write(log_level level, std::string_view text, std::initializer_list<field> fields = {},
             std::initializer_list<field> more = {}) const;

  void debug(std::string_view text, std::initializer_list<field> fields = {}) const {
    write(log_level::debug, text, fields);
  }
  void info(std::string_view text, std::initializer_list<field> fields = {},
            std::initializer_list<field> more = {}) const {
    write(log_level::info, text, fields, more);
  }
  void warning(std::string_view text, std::initializer_list<field> fields = {}) const {
    write(log_level::warning, text, fields);
  }
  void error(std::string_view text, std::initializer_list<field> fields = {}) const {
    write(log_level::error, text, fields);
  }

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace ccapi::observe
