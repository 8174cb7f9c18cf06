#include "claude/line_kinds.hpp"

#include <algorithm>

namespace ccapi::claude {

namespace {

/// The text blocks of a message, joined; a copy (in `joined`) is made only of several.
std::string_view text_of(const json_fields& body, std::string& joined) {
  std::string_view text = body.text("content");
  std::size_t blocks = 0;
  body.each("content", [&](simdjson::dom::element element) {
    const json_fields block{element};
    if (block.text("type") != "text")
      return;
    if (++blocks == 2)
      joined.assign(text);
    text = block.text("text");
    if (blocks > 1)
      joined.append(text);
  });
  return blocks > 1 ? std::string_view{joined} : text;
}

message read_assistant(const json_fields& line, std::string& joined) {
  const auto body = line.object("message");
  return assistant{.id = body.text("id"),
                   .model = body.text("model"),
                   .text = text_of(body, joined),
                   .error = line.text("error"),
                   .stop_reason = body.text("stop_reason"),
                   .usage = read_usage(body.object("usage")),
                   .parent_tool_use_id = line.text("parent_tool_use_id")};
}

message read_user(const json_fields& line) {
  user read{.uuid = line.text("uuid"),
            .replay = line.flag("isReplay"),
            .tool_result = false,
            .parent_tool_use_id = line.text("parent_tool_use_id")};
  line.object("message").each("content", [&](simdjson::dom::element block) {
    read.tool_result = read.tool_result || json_fields{block}.text("type") == "tool_result";
  });
  return read;
}

message read_result(const json_fields& line) {
  result read;
  read.subtype = line.text("subtype");
  read.is_error = line.flag("is_error");
  read.api_error_status = line.integer("api_error_status");
  read.api_error_type = line.text("api_error_type");
  read.api_error = line.text("api_error");
  read.text = line.text("result");
  read.stop_reason = line.text("stop_reason");
  read.terminal_reason = line.text("terminal_reason");
  read.usage = read_usage(line.object("usage"));
  read.safety_stops = line.integer("safety_stops").value_or(0);
  read.total_cost_micro_usd = micro_usd(line.number("total_cost_usd").value_or(0));
  line.each("errors", [&](simdjson::dom::element error) {
    std::string_view text;
    if (error.get(text) == simdjson::SUCCESS)
      read.errors.push_back(text);
  });
  return read;
}

message read_control_response(const json_fields& line) {
  const auto response = line.object("response");
  const auto payload = response.object("response");
  control_response read{.request_id = response.text("request_id"),
                        .ok = response.text("subtype") == "success",
                        .error = response.text("error"),
                        .version = payload.text("version"),
                        .rewound = payload.maybe_flag("rewound")};
  if (read.error.empty())
    read.error = payload.text("error");
  return read;
}

message read_control_request(const json_fields& line) {
  const auto request = line.object("request");
  const auto rpc = request.object("message");
  const auto params = rpc.object("params");
  return control_request{.request_id = line.text("request_id"),
                         .subtype = request.text("subtype"),
                         .tool_name = request.text("tool_name"),
                         .server = request.text("server_name"),
                         .method = rpc.text("method"),
                         .rpc_id = rpc.integer("id"),
                         .called_tool = params.text("name"),
                         .tool_use_id = params.object("_meta").text("claudecode/toolUseId")};
}

message read_rate_limit(const json_fields& line) {
  const auto info = line.object("rate_limit_info");
  return rate_limit_event{.status = info.text("status"),
                          .kind = info.text("rateLimitType"),
                          .resets_at = info.integer("resetsAt"),
                          .utilization = info.number("utilization"),
                          .uses_overage = info.flag("isUsingOverage")};
}

} // namespace

message read_plain(std::string_view type, const json_fields& line, std::string& joined) {
  if (type == "assistant")
    return read_assistant(line, joined);
  if (type == "user")
    return read_user(line);
  if (type == "result")
    return read_result(line);
  if (type == "rate_limit_event")
    return read_rate_limit(line);
  if (type == "control_response")
    return read_control_response(line);
  if (type == "control_request")
    return read_control_request(line);
  if (type == "control_cancel_request")
    return control_cancel_request{.request_id = line.text("request_id")};
  if (type == "keep_alive")
    return keep_alive{};
  if (type == "command_lifecycle")
    return command_lifecycle{};
  if (type == "conversation_reset")
    return conversation_reset{};
  if (type == "tool_progress")
    return tool_progress{.tool_use_id = line.text("tool_use_id")};
  if (type == "tool_use_summary")
    return tool_use_summary{};
  if (type == "auth_status")
    return auth_status{.error = line.text("error")};
  if (type == "prompt_suggestion")
    return prompt_suggestion{};
  return unknown{.type = type, .subtype = line.text("subtype")};
}

} // namespace ccapi::claude
