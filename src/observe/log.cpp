#include "observe/log.hpp"

#include "observe/escape.hpp"
#include "observe/stderr_sink.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <exception>
#include <string>
#include <type_traits>
#include <unistd.h>

namespace ccapi::observe {

namespace {

constexpr std::size_t queue_lines = 8192;
constexpr std::size_t value_bytes_max = 512;
/// How often (in lines) the logger looks whether lines were lost.
constexpr std::uint64_t loss_check_interval = 1024;

constexpr const char* text_pattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* json_pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

spdlog::level::level_enum to_spdlog(log_level level) noexcept {
  switch (level) {
  case log_level::trace:
    return spdlog::level::trace;
  case log_level::debug:
    return spdlog::level::debug;
  case log_level::info:
    return spdlog::level::info;
  case log_level::warning:
    return spdlog::level::warn;
  case log_level::error:
    return spdlog::level::err;
  case log_level::off:
    return spdlog::level::off;
  }
  return spdlog::level::off;
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text, value_bytes_max);
  out += '"';
}

bool needs_quotes(std::string_view text) noexcept {
  constexpr std::string_view plain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    "._:/@%+,-[]*~";
  return text.empty() || text.size() > value_bytes_max
         || text.find_first_not_of(plain) != std::string_view::npos;
}

void append_value(std::string& out, const field& given, log_format format) {
  std::visit(
    [&](const auto& value) {
      using type = std::remove_cvref_t<decltype(value)>;
      if constexpr (std::is_same_v<type, std::string_view>) {
        if (format == log_format::text && !needs_quotes(value))
          out += value;
        else
          append_quoted(out, value);
      } else if constexpr (std::is_same_v<type, bool>) {
        out += value ? "true" : "false";
      } else if constexpr (std::is_same_v<type, double>) {
        if (std::isfinite(value))
          append_number(out, value);
        else
          out += "null"; // JSON has no word for it
      } else {
        append_number(out, value);
      }
    },
    given.value);
}

std::string render(std::string_view text, std::initializer_list<field> fields, log_format format) {
  std::string line;
  line.reserve(256);
  if (format == log_format::json) {
    line += R"("msg":)";
    append_quoted(line, text);
    for (const auto& each : fields) {
      line += ',';
      append_quoted(line, each.key);
      line += ':';
      append_value(line, each, format);
    }
  } else {
    append_escaped(line, text, value_bytes_max);
    for (const auto& each : fields) {
      line += ' ';
      append_escaped(line, each.key, value_bytes_max);
      line += '=';
      append_value(line, each, format);
    }
  }
  return line;
}

} // namespace

struct logger::state {
  state(log_level least, log_format layout)
    : level{least},
      format{layout},
      sink{std::make_shared<stderr_sink>()},
      pool{std::make_shared<spdlog::details::thread_pool>(queue_lines, 1)},
      log{std::make_shared<spdlog::async_logger>("", sink, pool,
                                                 spdlog::async_overflow_policy::overrun_oldest)} {
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      format == log_format::json ? json_pattern : text_pattern, spdlog::pattern_time_type::utc));
    log->set_level(to_spdlog(least));
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  ~state() {
    const auto overrun = pool->overrun_counter();
    pool.reset(); // writes what is queued, then joins
    const auto lost = overrun + sink->dropped();
    if (lost > reported.load())
      sink->log({spdlog::string_view_t{}, spdlog::level::warn, loss_text(lost)});
  }

  void write(log_level line_level, std::string_view text, std::initializer_list<field> fields) {
    log->log(to_spdlog(line_level), render(text, fields, format));
    if (lines.fetch_add(1) % loss_check_interval == loss_check_interval - 1)
      report_losses();
  }

  void report_losses() {
    const auto lost = pool->overrun_counter() + sink->dropped();
    if (reported.exchange(lost) != lost)
      log->log(spdlog::level::warn, loss_text(lost));
  }

  [[nodiscard]] std::string loss_text(std::uint64_t lost) const {
    return render("logger dropped lines", {{"total", lost}}, format);
  }

  std::atomic<log_level> level;
  log_format format;
  std::shared_ptr<stderr_sink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> log;
  std::atomic<std::uint64_t> lines = 0;
  std::atomic<std::uint64_t> reported = 0;
};

logger::logger() = default;

logger::logger(log_level level, log_format format) {
  try {
    state_ = std::make_shared<state>(level, format);
  } catch (const std::exception&) {
    // No thread for the log: the gateway is worth more than its lines.
    constexpr std::string_view notice = "warning: the log could not be started\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, notice.data(), notice.size());
  }
}

bool logger::enabled(log_level level) const noexcept {
  return state_ && level != log_level::off
         && level >= state_->level.load(std::memory_order_relaxed);
}

void logger::set_level(log_level level) const noexcept {
  if (!state_)
    return;
  state_->level = level;
  state_->log->set_level(to_spdlog(level));
}

void logger::write(log_level level, std::string_view text,
                   std::initializer_list<field> fields) const {
  if (enabled(level))
    state_->write(level, text, fields);
}

std::optional<log_level> level_from(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 6> names{"trace",   "debug", "info",
                                                  "warning", "error", "off"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name)
      return static_cast<log_level>(i);
  return {};
}

std::optional<log_format> format_from(std::string_view name) noexcept {
  if (name == "text")
    return log_format::text;
  if (name == "json")
    return log_format::json;
  return {};
}

} // namespace ccapi::observe
