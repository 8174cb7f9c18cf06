#include "ledger.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace fake_claude {

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 0xfU];
    } else {
      out += c;
    }
  }
  out += '"';
}

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
  append_json_string(line, kind);
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
  append_json_string(line, prompt_uuid);
  line += ",\"text\":";
  append_json_string(line, text);
  line += "}\n";
  append(line);
}

} // namespace fake_claude
