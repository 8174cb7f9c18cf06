#include "misbehave.hpp"

#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace fake_claude {

void write_stderr(std::string_view text) {
  while (!text.empty()) {
    auto written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0)
      return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void flood_stderr(std::int64_t bytes) {
  const std::string block(64 << 10, 'e');
  for (; bytes > 0; bytes -= static_cast<std::int64_t>(block.size()))
    write_stderr(block);
  write_stderr("\n");
}

void append_garbage(std::string& out, const script& how) {
  auto count = how.part("garbage_at", 1).empty() ? 1 : std::atoi(how.part("garbage_at", 1).data());
  for (int i = 0; i < count; ++i)
    out += "Warning: this is no JSON {\"type\":\x01 \xff\n";
}

void append_unknown(std::string& out, ccapi::standin::line_writer& lines) {
  out += R"({"type":"a_type_of_tomorrow","payload":{"type":"stream_event"})";
  lines.tail(out);
  out += R"({"type":"system","subtype":"a_note_of_tomorrow")";
  lines.tail(out);
}

int spawn_grandchild() {
  int child = ::fork();
  if (child != 0)
    return child;
  ::setsid();
  std::signal(SIGTERM, SIG_IGN);
  while (true)
    ::pause();
}

void die(std::string_view how) {
  if (how == "kill")
    ::kill(::getpid(), SIGKILL);
  if (how == "segv" || how == "abrt") {
    int number = how == "segv" ? SIGSEGV : SIGABRT;
    // Past any handler of a sanitizer.
    std::signal(number, SIG_DFL);
    ::kill(::getpid(), number);
  }
  std::_Exit(1);
}

} // namespace fake_claude
