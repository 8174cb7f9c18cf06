#include "claude/line_kinds.hpp"

#include <algorithm>

namespace ccapi::claude {

namespace {

message read_block_start(const json_fields& event, std::string_view parent) {
  const auto block = event.object("content_block");
  return content_block_start{.index = event.integer("index").value_or(0),
                             .kind = block.text("type"),
                             .id = block.text("id"),
                             .name = block.text("name"),
                             .parent_tool_use_id = parent};
}

message read_block_delta(const json_fields& event, std::string_view parent) {
  const auto delta = event.object("delta");
  const auto type = delta.text("type");
  content_block_delta line{.index = event.integer("index").value_or(0),
                           .kind = delta_kind::other,
                           .text = {},
                           .parent_tool_use_id = parent};
  if (type == "text_delta") {
    line.kind = delta_kind::text;
    line.text = delta.text("text");
  } else if (type == "thinking_delta") {
    line.kind = delta_kind::thinking;
    line.text = delta.text("thinking");
  } else if (type == "signature_delta") {
    line.kind = delta_kind::signature;
    line.text = delta.text("signature");
  } else if (type == "input_json_delta") {
    line.kind = delta_kind::input_json;
    line.text = delta.text("partial_json");
  }
  return line;
}

std::optional<std::int64_t> count(const json_fields& usage, std::string_view key) {
  auto value = usage.integer(key);
  if (value)
    value = std::max<std::int64_t>(*value, 0);
  return value;
}

} // namespace

token_counts read_usage(const json_fields& usage) {
  return {.input = count(usage, "input_tokens"),
          .cache_write = count(usage, "cache_creation_input_tokens"),
          .cache_read = count(usage, "cache_read_input_tokens"),
          .output = count(usage, "output_tokens"),
          .thinking = count(usage.object("output_tokens_details"), "thinking_tokens")};
}

message read_stream_event(const json_fields& line) {
  const auto event = line.object("event");
  const auto type = event.text("type");
  const auto parent = line.text("parent_tool_use_id");
  if (type == "content_block_delta")
    return read_block_delta(event, parent);
  if (type == "content_block_start")
    return read_block_start(event, parent);
  if (type == "content_block_stop")
    return content_block_stop{.index = event.integer("index").value_or(0),
                              .parent_tool_use_id = parent};
  if (type == "message_start") {
    const auto start = event.object("message");
    return message_start{.id = start.text("id"),
                         .model = start.text("model"),
                         .usage = read_usage(start.object("usage")),
                         .parent_tool_use_id = parent};
  }
  if (type == "message_delta")
    return message_delta{.stop_reason = event.object("delta").text("stop_reason"),
                         .usage = read_usage(event.object("usage")),
                         .parent_tool_use_id = parent};
  if (type == "message_stop")
    return message_stop{.parent_tool_use_id = parent};
  if (type == "ping")
    return ping{};
  if (type == "error") {
    const auto error = event.object("error");
    return stream_error{.type = error.text("type"), .text = error.text("message")};
  }
  return unknown{.type = "stream_event", .subtype = type};
}

} // namespace ccapi::claude
