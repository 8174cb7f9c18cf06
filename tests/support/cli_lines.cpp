#include "tests/support/cli_lines.hpp"

#include "standin/lines.hpp"

namespace ccapi::test {

namespace cli_lines {

namespace {

constexpr standin::token_usage usage{.input = 3, .output = 5};

/// One line of a CLI that has just been started.
template <class Write>
std::string line(Write write) {
  standin::line_writer lines{{.version = "2.1.330",
                              .model = "claude-test",
                              .session_id = "00000000-0000-4000-8000-000000000000",
                              .maker = "test"}};
  std::string out;
  write(lines, out);
  return out;
}

std::string control_success(std::string_view request_id, const std::string& response) {
  std::string out;
  standin::line_writer::control_success(out, request_id, response);
  return out;
}

} // namespace

std::string version(std::string_view request_id, std::string_view version) {
  return control_success(request_id, R"({"version":")" + std::string{version} + R"("})");
}

std::string accepted(std::string_view request_id) {
  return control_success(request_id, "{}");
}

std::string refused(std::string_view request_id, std::string_view why) {
  std::string out;
  standin::line_writer::control_error(out, request_id, why);
  return out;
}

std::string rewound(std::string_view request_id, bool done) {
  return control_success(request_id, done ? R"({"rewound":true})" : R"({"rewound":false})");
}

std::string message_start() {
  return line([](auto& lines, auto& out) { lines.message_start(out, usage); });
}

std::string text(std::string_view text) {
  return line([&](auto& lines, auto& out) { lines.delta(out, 0, standin::block::text, text); });
}

std::string message_delta(std::string_view stop_reason) {
  return line(
    [&](auto& lines, auto& out) { lines.message_delta(out, stop_reason, {}, usage.output); });
}

std::string result(std::string_view stop_reason, std::string_view words) {
  return line([&](auto& lines, auto& out) { lines.result(out, words, stop_reason, {}, 1); });
}

std::string interrupted_result() {
  return line([](auto& lines, auto& out) { lines.interrupted(out, {}); });
}

std::string error_result(int status, std::string_view text) {
  return line([&](auto& lines, auto& out) { lines.error_result(out, status, text, {}); });
}

std::string api_retry(int status, int delay_ms) {
  return line([&](auto& lines, auto& out) { lines.api_retry(out, 1, status, delay_ms); });
}

std::string whole_message(std::string_view text, std::string_view stop_reason) {
  return line([&](auto& lines, auto& out) { lines.whole_message(out, text, stop_reason, usage); });
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
