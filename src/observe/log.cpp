#include "observe/log.hpp"

#include "observe/escape.hpp"
#include "observe/line_formatter.hpp"
#include "observe/stderr_sink.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>

#include <algorithm>
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
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

/// The digits that a double of milliseconds would have, for a fraction of its cost.
void append_milliseconds(std::string& out, std::chrono::microseconds time) {
  const auto count = std::max<std::int64_t>(0, time.count());
  append_number(out, count / 1000);
  if (const auto rest = static_cast<unsigned>(count % 1000); rest != 0) {
    const std::array<char, 4> digits{'.', static_cast<char>('0' + rest / 100),
                                     static_cast<char>('0' + rest / 10 % 10),
                                     static_cast<char>('0' + rest % 10)};
    const std::string_view fraction{digits.data(), digits.size()};
    out.append(fraction.substr(0, fraction.find_last_not_of('0') + 1));
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text, value_bytes_max);
  out += '"';
}

bool needs_quotes(std::string_view text) noexcept {
  static constexpr auto plain = [] {
    std::array<bool, 256> set{};
    for (const char c : std::string_view{"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789._:/@%+,-[]*~"})
      set[static_cast<unsigned char>(c)] = true;
    return set;
  }();
  return text.empty() || text.size() > value_bytes_max
         || !std::all_of(text.begin(), text.end(),
                         [](char c) { return plain[static_cast<unsigned char>(c)]; });
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
      } else if constexpr (std::is_same_v<type, std::chrono::microseconds>) {
        append_milliseconds(out, value);
      } else {
        append_number(out, value);
      }
    },
    given.value);
}

void append_field(std::string& line, const field& each, log_format format) {
  if (format == log_format::json) {
    line += ',';
    append_quoted(line, each.key);
    line += ':';
  } else {
    line += ' ';
    append_escaped(line, each.key, value_bytes_max);
    line += '=';
  }
  append_value(line, each, format);
}

/// What a line says behind its time and level.
std::string render(std::string_view text, std::initializer_list<field> fields,
                   std::initializer_list<field> more, log_format format) {
  std::string line;
  line.reserve(more.size() == 0 ? 256 : 384);
  if (format == log_format::json) {
    line += R"("msg":)";
    append_quoted(line, text);
  } else {
    append_escaped(line, text, value_bytes_max);
  }
  for (const auto* list : {&fields, &more})
    for (const auto& each : *list)
      append_field(line, each, format);
  return line;
}

} // namespace

struct logger::state {
  state(log_level least, log_format layout, std::chrono::milliseconds gather_time)
    : level{least},
      format{layout},
      sink{std::make_shared<stderr_sink>(gather_time)},
      pool{std::make_shared<spdlog::details::thread_pool>(queue_lines, 1)},
      log{std::make_shared<spdlog::async_logger>("", sink, pool,
                                                 spdlog::async_overflow_policy::overrun_oldest)} {
    sink->set_formatter(std::make_unique<line_formatter>(format));
    sink->gather_while([lines = pool.get()] { return lines->queue_size() > 0; });
    log->set_level(to_spdlog(least));
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  ~state() {
    const auto overrun = pool->overrun_counter();
    sink->stop_gathering();
    pool.reset(); // writes what is queued, then joins
    sink->flush();
    const auto lost = overrun + sink->dropped();
    if (lost > reported.load())
      sink->log({spdlog::string_view_t{}, spdlog::level::warn, loss_text(lost)});
  }

  void write(log_level line_level, std::string_view text, std::initializer_list<field> fields,
             std::initializer_list<field> more) {
    log->log(to_spdlog(line_level), render(text, fields, more, format));
    if (line_level >= log_level::warning)
      sink->hurry();
    if (lines.fetch_add(1) % loss_check_interval == loss_check_interval - 1)
      report_losses();
  }

  void report_losses() {
    const auto lost = pool->overrun_counter() + sink->dropped();
    if (reported.exchange(lost) != lost)
      log->log(spdlog::level::warn, loss_text(lost));
  }

  [[nodiscard]] std::string loss_text(std::uint64_t lost) const {
    return render("logger dropped lines", {{"total", lost}}, {}, format);
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

logger::logger(log_level level, log_format format, std::chrono::milliseconds gather_time) {
  try {
    state_ = std::make_shared<state>(level, format, gather_time);
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

void logger::write(log_level level, std::string_view text, std::initializer_list<field> fields,
                   std::initializer_list<field> more) const {
  if (enabled(level))
    state_->write(level, text, fields, more);
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
