#pragma once
// What a decoder made of a line, as text: for comparisons.

#include "claude/decoder.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::claude::test {

/// Of the kinds that are read the short way, with all their fields; of others, which kind it is.
class line_description {
public:
  explicit line_description(const decoded& what) {
    if (const auto* line = std::get_if<message>(&what)) {
      add(static_cast<std::int64_t>(line->index()));
      std::visit([this](const auto& concrete) { fields(concrete); }, *line);
    } else {
      add(std::get<malformed>(what).why);
    }
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
  template <class Line>
  void fields(const Line&) {}
  void fields(const system_init& line) { add(line.model); }
  void fields(const system_status& line) { add(line.status); }
  void fields(const thinking_tokens& line) { add(line.estimated); }
  void fields(const message_start& line) {
    add(line.id, line.model, line.usage, line.parent_tool_use_id);
  }
  void fields(const content_block_start& line) {
    add(line.index, line.kind, line.id, line.name, line.parent_tool_use_id);
  }
  void fields(const content_block_delta& line) {
    add(line.index, static_cast<std::int64_t>(line.kind), line.text, line.parent_tool_use_id);
  }
  void fields(const content_block_stop& line) { add(line.index, line.parent_tool_use_id); }
  void fields(const message_delta& line) {
    add(line.stop_reason, line.usage, line.parent_tool_use_id);
  }
  void fields(const message_stop& line) { add(line.parent_tool_use_id); }
  void fields(const assistant& line) {
    add(line.id, line.model, line.text, line.error, line.stop_reason, line.usage,
        line.parent_tool_use_id);
  }
  void fields(const result& line) {
    add(line.subtype, std::int64_t{line.is_error}, line.api_error_status, line.api_error_type,
        line.api_error, line.text, line.stop_reason, line.terminal_reason, line.usage,
        line.safety_stops, line.total_cost_micro_usd);
    for (const auto error : line.errors)
      add(error);
  }

  template <class... Values>
  void add(const Values&... values) {
    (add(values), ...);
  }
  void add(std::string_view value) {
    add(static_cast<std::int64_t>(value.size()));
    text_ += value;
    text_ += ' ';
  }
  void add(std::int64_t value) { text_ += std::to_string(value) + ' '; }
  void add(const std::optional<std::int64_t>& value) {
    text_ += value ? std::to_string(*value) : "none";
    text_ += ' ';
  }
  void add(const token_counts& value) {
    add(value.input, value.cache_write, value.cache_read, value.output, value.thinking);
  }

  std::string text_;
};

inline std::string described(const decoded& what) {
  return line_description{what}.text();
}

} // namespace ccapi::claude::test
