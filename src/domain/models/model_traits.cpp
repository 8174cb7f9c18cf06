#include "domain/models/model_traits.hpp"

#include <algorithm>
#include <array>

namespace ccapi::domain {

namespace {

constexpr std::uint8_t no_effort = 0;
constexpr std::uint8_t all_efforts = 0b11111;
constexpr std::uint8_t to_high = 0b00111;
constexpr std::uint8_t but_xhigh = 0b10111;

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t large_window = 200'000;
constexpr std::int64_t large_output = 128'000;
constexpr std::int64_t usual_output = 64'000;

/// Families of one shape are rows of one function.
constexpr model_traits always_thinking(std::string_view family, bool forces_tools) {
  return {
    family, thinking_off::never, false,  all_efforts, sampling_rule::never, forces_tools, false,
    true,   large_output,        million};
}
constexpr model_traits adaptive(std::string_view family, thinking_off off, bool forces_tools,
                                bool takes_system_messages) {
  return {family,
          off,
          false,
          all_efforts,
          sampling_rule::never,
          forces_tools,
          false,
          takes_system_messages,
          large_output,
          million};
}
constexpr model_traits generation_4_6(std::string_view family) {
  return {
    family, thinking_off::disabled, false,  but_xhigh, sampling_rule::without_thinking, true, false,
    false,  large_output,           million};
}
constexpr model_traits generation_4_5(std::string_view family, std::uint8_t efforts) {
  return {family,
          thinking_off::disabled,
          true,
          efforts,
          sampling_rule::without_thinking,
          true,
          true,
          false,
          usual_output,
          large_window};
}

constexpr std::array table{
  always_thinking("claude-opus-5-5", false), // the newest generation
  always_thinking("claude-fable-5-2", false),
  always_thinking("claude-mythos-5-2", false),
  always_thinking("claude-fable-5-1", false),
  always_thinking("claude-mythos-5-1", false),
  adaptive("claude-sonnet-5-5", thinking_off::between_tools, false, true),
  adaptive("claude-haiku-5-5", thinking_off::disabled, true, true),
  adaptive("claude-opus-5", thinking_off::disabled, true, true),
  adaptive("claude-sonnet-5", thinking_off::disabled, true, false),
  always_thinking("claude-fable-5", true),
  always_thinking("claude-mythos-5", true),
  adaptive("claude-opus-4-8", thinking_off::disabled, true, true),
  adaptive("claude-opus-4-7", thinking_off::disabled, true, false),
  generation_4_6("claude-opus-4-6"),
  generation_4_6("claude-sonnet-4-6"),
  generation_4_5("claude-opus-4-5", to_high),
  generation_4_5("claude-sonnet-4-5", no_effort),
  generation_4_5("claude-haiku-4-5", no_effort),
};
constexpr const model_traits& newest = table.front();
constexpr const model_traits& oldest = table.back();

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// What may follow a family's name: nothing, a date, a cloud's version or region, "[1m]",
/// "-latest".
bool ends_family(std::string_view rest) noexcept {
  if (rest.empty() || rest.front() == '[' || rest.front() == '@' || rest.front() == ':'
      || rest == "-latest" || rest.starts_with("-v"))
    return true;
  constexpr std::size_t date_digits = 8;
  if (rest.front() != '-' || rest.size() <= date_digits)
    return false;
  const auto date = rest.substr(1, date_digits);
  return std::all_of(date.begin(), date.end(), is_digit)
         && (rest.size() == date_digits + 1 || !is_digit(rest[date_digits + 1]));
}

/// Of the generations before the oldest row; all of them are retired.
bool is_older(std::string_view name) noexcept {
  for (const std::string_view begin : {"claude-1", "claude-2", "claude-3", "claude-instant"})
    if (name.starts_with(begin))
      return true;
  for (const std::string_view family : {"claude-opus-4", "claude-sonnet-4", "claude-opus-4-0",
                                        "claude-sonnet-4-0", "claude-opus-4-1"})
    if (name.starts_with(family) && ends_family(name.substr(family.size())))
      return true;
  return false;
}

} // namespace

std::string_view to_string(effort level) noexcept {
  constexpr std::array<std::string_view, 5> names{"low", "medium", "high", "xhigh", "max"};
  const auto index = static_cast<std::size_t>(level);
  return index < names.size() ? names[index] : names.front();
}

const model_traits& traits_of(std::string_view model) noexcept {
  const auto begin = model.find("claude-"); // behind a provider's prefix
  if (begin == std::string_view::npos)
    return newest;
  const auto name = model.substr(begin);
  const auto found = std::find_if(table.begin(), table.end(), [&](const model_traits& row) {
    return name.starts_with(row.family) && ends_family(name.substr(row.family.size()));
  });
  if (found != table.end())
    return *found;
  return is_older(name) ? oldest : newest;
}

} // namespace ccapi::domain
