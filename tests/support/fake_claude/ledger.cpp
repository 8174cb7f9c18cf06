#include "ledger.hpp"

#include "json/writer.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace fake_claude {

ledger::ledger(const char* path) {
  if (path != nullptr && *path != '\0')
    fd_ = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

ledger::~ledger() {
  if (fd_ >= 0)
    ::close(fd_);
}

std::string ledger::head(std::string_view kind) const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  std::array<char, 96> text{};
  int size = std::snprintf(text.data(), text.size(), "{\"t\":%lld.%09ld,\"pid\":%d,\"kind\":",
                           static_cast<long long>(now.tv_sec), now.tv_nsec, ::getpid());
  std::string line(text.data(), static_cast<std::size_t>(size));
  ccapi::json::append_bytes(line, kind);
  return line;
}

void ledger::append(const std::string& line) const {
  // A test that can't write its ledger finds out by missing lines.
  [[maybe_unused]] auto written = ::write(fd_, line.data(), line.size());
}

void ledger::write(std::string_view kind, boost::json::object fields) const {
  if (!open())
    return;
  auto line = head(kind);
  auto rest = boost::json::serialize(fields);
  if (fields.empty()) {
    line += '}';
  } else {
    line += ',';
    line.append(rest, 1);
  }
  line += '\n';
  append(line);
}

void ledger::token(std::string_view prompt_uuid, std::string_view text) const {
  if (!open())
    return;
  auto line = head("token");
  line += ",\"prompt\":";
  ccapi::json::append_bytes(line, prompt_uuid);
  line += ",\"text\":";
  ccapi::json::append_bytes(line, text);
  line += "}\n";
  append(line);
}

} // namespace fake_claude
