#pragma once
// call_style: in which of OpenAI's forms an answer tells the calls of tools.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {

/// The one argument of a custom tool, as the API is told of it.
inline constexpr std::string_view custom_argument = "input";

/// Decided by the request.
struct call_style {
  bool legacy = false;               ///< it had `functions`: one call, as `function_call`
  std::vector<std::string> custom{}; ///< names of tools whose one argument is told as plain text

  [[nodiscard]] bool is_custom(std::string_view name) const noexcept {
    return std::find(custom.begin(), custom.end(), name) != custom.end();
  }
};

/// Finds the text in the arguments of a custom tool, a JSON object whose first string value it is,
/// as pieces of them arrive. One for each call.
class custom_input {
public:
  /// Appends what of the text has become clear, in whole characters. `json`: the next piece, which
  /// may end anywhere.
  void take(std::string_view json, std::string& text);

private:
  enum class place : std::uint8_t { ahead, name, colon, text, behind };

  void take_character(char c, std::string& text);
  void take_unit(char32_t unit, std::string& text);

  place at_ = place::ahead;
  std::string escape_; ///< begun and not complete, from the backslash on
  char32_t high_ = 0;  ///< a surrogate that waits for its other half
};

} // namespace ccapi::openai
