#include "claude/refusal.hpp"

#include <algorithm>
#include <array>

namespace ccapi::claude {

namespace {

constexpr std::array<std::string_view, 7> known{"temperature",
                                                "top_p",
                                                "top_k",
                                                "stop_sequences",
                                                "output_config.effort",
                                                "thinking.type.disabled",
                                                "thinking.type.between_tools"};

/// "`X`" or "\"X\"" at the beginning, X being known; it is taken off.
std::string_view take_name(std::string_view& sentence) noexcept {
  if (sentence.empty() || (sentence.front() != '`' && sentence.front() != '"'))
    return {};
  const auto end = sentence.find(sentence.front(), 1);
  if (end == std::string_view::npos)
    return {};
  const auto name = sentence.substr(1, end - 1);
  if (std::find(known.begin(), known.end(), name) == known.end())
    return {};
  sentence.remove_prefix(end + 1);
  return name;
}

} // namespace

std::string_view refused_parameter(std::string_view sentence) noexcept {
  if (sentence == "This model does not support the effort parameter.")
    return "effort";
  if (sentence == R"(tool_choice: type "tool" and "any" are not supported for this model.)")
    return "tool_choice";
  if (sentence.starts_with("To turn thinking off on this model, send "))
    return "thinking.type.disabled";
  const auto name = take_name(sentence);
  if (name.empty())
    return {};
  const bool refused = sentence == " is deprecated for this model."
                       || sentence == " is not supported for this model."
                       // and what to do instead
                       || (name.starts_with("thinking.type.")
                           && sentence.starts_with(" is not supported for this model. Use "));
  return refused ? name : std::string_view{};
}

} // namespace ccapi::claude
