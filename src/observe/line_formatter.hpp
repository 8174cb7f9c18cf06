#pragma once
// line_formatter: what surrounds the text of a log line: its time, its level and, in JSON, the
// braces.

#include "observe/log.hpp"

#include <spdlog/formatter.h>

#include <chrono>
#include <memory>
#include <string>

namespace ccapi::observe {

/// One thread at a time. Costs a tenth of spdlog's own, which interprets a pattern for each line.
class line_formatter final : public spdlog::formatter {
public:
  explicit line_formatter(log_format format) noexcept
    : format_{format} {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override;
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<line_formatter>(format_);
  }

private:
  log_format format_;
  std::chrono::seconds second_{-1}; ///< that to_the_second_ shows
  std::string to_the_second_;       ///< "2026-11-25T03:00:00", UTC
};

} // namespace ccapi::observe
