#pragma once
// A turn as the mapper sees it: lines of the CLI go in, events come out.

#include "claude/turn_mapper.hpp"
#include "result_lines.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ccapi::claude::test {

/// Feeds lines of one turn and keeps what came out.
class turn {
public:
  explicit turn(turn_mapper::wall_clock now = &std::chrono::system_clock::now)
    : mapper{now} {}

  turn& operator<<(const message& line) {
    mapper.on_message(line, events);
    return *this;
  }
  [[nodiscard]] std::string text() const {
    std::string shown;
    for (const auto& event : events)
      if (const auto* delta = std::get_if<domain::text_delta>(&event))
        shown += delta->text;
    return shown;
  }
  [[nodiscard]] const domain::turn_finished* finished() const {
    return events.empty() ? nullptr : std::get_if<domain::turn_finished>(&events.back());
  }
  [[nodiscard]] const domain::error* failure() const {
    const auto* failed =
      events.empty() ? nullptr : std::get_if<domain::turn_failed>(&events.back());
    return failed != nullptr ? &failed->failure : nullptr;
  }

  turn_mapper mapper;
  std::vector<domain::event> events;
};

inline message start(std::string_view id, std::int64_t input = 10, std::string_view parent = {}) {
  return message_start{.id = id,
                       .model = "claude-x",
                       .usage = {.input = input,
                                 .cache_write = 2,
                                 .cache_read = 3,
                                 .output = 1,
                                 .thinking = std::nullopt},
                       .parent_tool_use_id = parent};
}

inline message text(std::string_view words, std::string_view parent = {}) {
  return content_block_delta{
    .index = 0, .kind = delta_kind::text, .text = words, .parent_tool_use_id = parent};
}

inline message thinking(std::string_view words) {
  return content_block_delta{
    .index = 0, .kind = delta_kind::thinking, .text = words, .parent_tool_use_id = {}};
}

inline message stop(std::string_view reason, std::int64_t output = 40) {
  message_delta line;
  line.stop_reason = reason;
  line.usage.output = output;
  return line;
}

inline message whole(std::string_view id, std::string_view words, std::string_view reason) {
  assistant line;
  line.id = id;
  line.model = "claude-x";
  line.text = words;
  line.stop_reason = reason;
  line.usage.input = 5;
  line.usage.output = 7;
  return line;
}

inline result success(std::string_view reason = "end_turn") {
  result line;
  line.subtype = "success";
  line.stop_reason = reason;
  return line;
}

inline message retry(std::int64_t delay_ms = 500) {
  api_retry line;
  line.delay_ms = delay_ms;
  line.error = "unknown";
  return line;
}

} // namespace ccapi::claude::test
