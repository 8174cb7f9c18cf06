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

} // namespace ccapi::actors::test
