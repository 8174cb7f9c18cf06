#include "scripted_cli.hpp"

#include "claude/launch.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ccapi::actors::test {

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

namespace {

/// near end, far end: the first is read from.
std::array<process::unique_fd, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    ADD_FAILURE() << "no pipe: " << errno;
  return {process::unique_fd{ends[0]}, process::unique_fd{ends[1]}};
}

std::size_t write_some(int fd, std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const auto size = write(fd, bytes.data() + written, bytes.size() - written);
    if (size <= 0)
      break;
    written += static_cast<std::size_t>(size);
  }
  return written;
}

} // namespace

process::child_process scripted_cli::make_child(domain::process_id id) {
  process::child_process child;
  child.id = id;
  auto input = make_pipe();
  stdin_ = std::move(input[0]);
  child.stdin_write = std::move(input[1]);
  auto output = make_pipe();
  child.stdout_read = std::move(output[0]);
  stdout_ = std::move(output[1]);
  auto complaints = make_pipe();
  child.stderr_read = std::move(complaints[0]);
  stderr_ = std::move(complaints[1]);
  auto life = make_pipe();
  life_ = std::move(life[0]);
  child.life = std::move(life[1]);
  received_ = claude::first_line();
  return child;
}

void scripted_cli::receive() {
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto size = read(stdin_.get(), chunk.data(), chunk.size());
    if (size == 0)
      input_closed_ = true;
    if (size <= 0)
      return;
    received_.append(chunk.data(), static_cast<std::size_t>(size));
  }
}

std::string scripted_cli::next_line() {
  receive();
  const auto end = received_.find('\n');
  if (end == std::string::npos)
    return {};
  auto line = received_.substr(0, end);
  received_.erase(0, end + 1);
  return line;
}

bool scripted_cli::silent() {
  receive();
  return received_.empty();
}

bool scripted_cli::input_closed() {
  receive();
  return input_closed_;
}

bool scripted_cli::life_closed() const {
  pollfd watched{.fd = life_.get(), .events = POLLIN, .revents = 0};
  return poll(&watched, 1, 0) == 1 && (watched.revents & POLLHUP) != 0;
}

std::size_t scripted_cli::say(std::string_view lines) const {
  return write_some(stdout_.get(), lines);
}

void scripted_cli::complain(std::string_view text) const {
  write_some(stderr_.get(), text);
}

std::size_t scripted_cli::unread_output() const {
  int bytes = 0;
  ioctl(stdout_.get(), FIONREAD, &bytes);
  return static_cast<std::size_t>(bytes);
}

void scripted_cli::die() {
  stdin_.reset();
  stdout_.reset();
  stderr_.reset();
}

std::string scripted_cli::take_control(std::string_view subtype) {
  const auto line = next_line();
  EXPECT_EQ(field(line, "type"), "control_request") << line;
  EXPECT_EQ(field(line, "subtype"), subtype) << line;
  return field(line, "request_id");
}

std::string scripted_cli::take_user(bool seeded) {
  const auto line = next_line();
  EXPECT_EQ(field(line, "type"), "user") << line;
  EXPECT_EQ(line.find("\"shouldQuery\":false") != std::string::npos, seeded) << line;
  return field(line, "text");
}

std::string scripted_cli::take_assistant() {
  const auto line = next_line();
  EXPECT_EQ(field(line, "type"), "assistant") << line;
  return field(line, "text");
}

void scripted_cli::boot() {
  say(cli_lines::version(take_control("get_binary_version")));
}

std::string field(std::string_view line, std::string_view key) {
  const auto opening = '"' + std::string{key} + "\":\"";
  const auto begin = line.find(opening);
  if (begin == std::string_view::npos)
    return {};
  const auto value = line.substr(begin + opening.size());
  return std::string{value.substr(0, value.find('"'))};
}

} // namespace ccapi::actors::test
