#pragma once
// fence_filter: takes the fence of Markdown (```json ... ```) away from an answer that shall be
// JSON, while it comes in.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// One per answer. No JSON begins with a fence, so nothing that is meant is lost. Text that has
/// none passes as it is; text behind the closing fence passes, too, for others to object to.
class fence_filter {
public:
  /// What of the answer so far can be shown now. Holds back no more than what may be a fence.
  std::string pass(std::string_view piece);

  /// The answer is complete: what was held back and is no fence.
  std::string finish();

private:
  enum class state : std::uint8_t {
    start,  ///< nothing but white space yet, or the beginning of a fence
    word,   ///< behind the opening fence: "json"
    blank,  ///< the white space behind that
    fenced, ///< within the fence
    open,   ///< there is no fence
  };

  void step(char next, std::string& shown);
  void step_fenced(char next, std::string& shown);

  state state_ = state::start;
  std::string held_;      ///< of a fence, perhaps: within one white space, ticks, white space
  std::size_t ticks_ = 0; ///< held, within a fence
};

} // namespace ccapi::domain
