#pragma once
// Reads recorded CLI output and feeds lines to a decoder the way the pipe's reader does.

#include "claude/decoder.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::claude::test {

inline std::vector<std::string> recorded_lines(const std::string& name) {
  std::ifstream file{std::string{CCAPI_FIXTURES} + "/claude/" + name + ".jsonl"};
  EXPECT_TRUE(file.is_open()) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  EXPECT_FALSE(lines.empty()) << name;
  return lines;
}

/// Exactly 64 bytes behind the line belong to us: a read further on is seen by the sanitizer. They
/// hold the start of the next line, as in a pipe's buffer.
class line_feeder {
public:
  decoded operator()(std::string_view line) {
    constexpr std::string_view next =
      "\n{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,"
      "\"result\":\"next line\"}";
    buffer_ = std::make_unique<char[]>(line.size() + 64);
    std::memcpy(buffer_.get(), line.data(), line.size());
    std::memcpy(buffer_.get() + line.size(), next.data(), 64);
    return decoder_.decode({buffer_.get(), line.size()});
  }

  claude::decoder& decoder() { return decoder_; }

private:
  std::unique_ptr<char[]> buffer_;
  claude::decoder decoder_;
};

/// The line as `Line`; a failed expectation and an empty one if it is something else.
template <class Line>
Line decode_as(line_feeder& feed, std::string_view text) {
  auto decoded = feed(text);
  const auto* what = std::get_if<message>(&decoded);
  const auto* line = what != nullptr ? std::get_if<Line>(what) : nullptr;
  EXPECT_NE(line, nullptr) << text;
  return line != nullptr ? *line : Line{};
}

} // namespace ccapi::claude::test
