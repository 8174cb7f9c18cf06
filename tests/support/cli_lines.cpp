#include "tests/support/cli_lines.hpp"

namespace ccapi::test {

namespace cli_lines {

namespace {

std::string control(std::string_view request_id, std::string_view outcome, std::string_view rest) {
  return R"({"type":"control_response","response":{"subtype":")" + std::string{outcome}
         + R"(","request_id":")" + std::string{request_id} + R"(",)" + std::string{rest} + "}}\n";
}

std::string event(const std::string& inner) {
  return R"({"type":"stream_event","event":)" + inner + R"(,"parent_tool_use_id":null})" + "\n";
}

} // namespace

std::string version(std::string_view request_id, std::string_view version) {
  return control(request_id, "success",
                 R"("response":{"version":")" + std::string{version} + R"("})");
}

std::string accepted(std::string_view request_id) {
  return control(request_id, "success", R"("response":{})");
}

std::string refused(std::string_view request_id, std::string_view why) {
  return control(request_id, "error", R"("error":")" + std::string{why} + '"');
}

std::string rewound(std::string_view request_id, bool done) {
  return control(request_id, "success",
                 std::string{R"("response":{"rewound":)"} + (done ? "true}" : "false}"));
}

std::string message_start() {
  return event(R"({"type":"message_start","message":{"id":"msg_1","model":"claude-test",)"
               R"("usage":{"input_tokens":3,"output_tokens":1}}})");
}

std::string text(std::string_view text) {
  return event(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")"
               + std::string{text} + R"("}})");
}

std::string message_delta(std::string_view stop_reason) {
  return event(R"({"type":"message_delta","delta":{"stop_reason":")" + std::string{stop_reason}
               + R"("},"usage":{"output_tokens":5}})");
}

std::string result(std::string_view stop_reason, std::string_view words) {
  return R"({"type":"result","subtype":"success","is_error":false,"stop_reason":")"
         + std::string{stop_reason} + R"(","result":")" + std::string{words} + R"(","usage":{}})"
         + "\n";
}

std::string interrupted_result() {
  return R"({"type":"result","subtype":"error_during_execution","is_error":true,"usage":{}})"
         "\n";
}

std::string error_result(int status, std::string_view text) {
  return R"({"type":"result","subtype":"success","is_error":true,"api_error_status":)"
         + std::to_string(status) + R"(,"result":")" + std::string{text} + R"(","usage":{}})"
         + "\n";
}

std::string api_retry(int status, int delay_ms) {
  return R"({"type":"system","subtype":"api_retry","attempt":1,"max_retries":2,"retry_delay_ms":)"
         + std::to_string(delay_ms) + R"(,"error_status":)" + std::to_string(status)
         + R"(,"error":"unknown"})" + "\n";
}

std::string whole_message(std::string_view text, std::string_view stop_reason) {
  return R"({"type":"assistant","message":{"id":"msg_2","model":"claude-test","content":[)"
         R"({"type":"text","text":")"
         + std::string{text} + R"("}],"stop_reason":")" + std::string{stop_reason}
         + R"(","usage":{"input_tokens":3,"output_tokens":5}},"parent_tool_use_id":null})" + "\n";
}

std::string answer(std::string_view words) {
  return message_start() + text(words) + message_delta() + result();
}

} // namespace cli_lines

std::string field(std::string_view line, std::string_view key) {
  const auto opening = '"' + std::string{key} + "\":\"";
  const auto begin = line.find(opening);
  if (begin == std::string_view::npos)
    return {};
  const auto value = line.substr(begin + opening.size());
  return std::string{value.substr(0, value.find('"'))};
}

} // namespace ccapi::test
