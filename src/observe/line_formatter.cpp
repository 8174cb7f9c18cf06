#include "observe/line_formatter.hpp"

#include <array>
#include <ctime>
#include <string_view>

namespace ccapi::observe {

namespace {

void append(spdlog::memory_buf_t& line, std::string_view text) {
  line.append(text.data(), text.data() + text.size());
}

std::string utc(std::chrono::seconds since_epoch) {
  const auto time = static_cast<std::time_t>(since_epoch.count());
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts)};
}

} // namespace

void line_formatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
  using std::chrono::floor;
  const auto time = floor<std::chrono::milliseconds>(message.time.time_since_epoch());
  const auto second = floor<std::chrono::seconds>(time);
  if (second != second_) {
    to_the_second_ = utc(second);
    second_ = second;
  }
  const auto fraction = static_cast<unsigned>((time - second).count());
  const std::array<char, 5> milliseconds{'.', static_cast<char>('0' + fraction / 100),
                                         static_cast<char>('0' + fraction / 10 % 10),
                                         static_cast<char>('0' + fraction % 10), 'Z'};
  const bool json = format_ == log_format::json;
  const auto level = spdlog::level::to_string_view(message.level);
  if (json)
    append(line, R"({"time":")");
  append(line, to_the_second_);
  append(line, {milliseconds.data(), milliseconds.size()});
  append(line, json ? R"(","level":")" : " ");
  append(line, {level.data(), level.size()});
  append(line, json ? "\"," : " ");
  append(line, {message.payload.data(), message.payload.size()});
  append(line, json ? "}\n" : "\n");
}

} // namespace ccapi::observe
