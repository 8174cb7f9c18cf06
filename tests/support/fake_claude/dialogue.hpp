#pragma once
// dialogue: the messages that the fake CLI knows, and taking back the last of them.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fake_claude {

/// A message; what the CLI adds by itself has no uuid.
struct spoken {
  std::string role;
  std::string text;
  std::string uuid;
};

class dialogue {
public:
  void add(spoken message) { messages_.push_back(std::move(message)); }
  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  [[nodiscard]] const std::vector<spoken>& messages() const noexcept { return messages_; }

  /// Forgets the last line of a user, seeded or not, and all after it, if it is `target`; nothing
  /// if an earlier one is meant. Gives the CLI's answer. Old versions (not `first_too`) refuse it
  /// where no assistant message comes before the line.
  boost::json::object rewind(std::string_view target, bool first_too);
  /// The answer to a rewind that is not done.
  static boost::json::object refused(std::string_view why, bool newer);

  /// [[role, text], ...]
  [[nodiscard]] boost::json::array to_json() const;

  /// 16 hex digits over all that a model would be told, for clients that know what that ought to
  /// be: FNV-1a, 64 bit, over fields "<length>:<bytes>", namely the system prompt, the model, then
  /// role and text of each message. Texts without their trailing white space; without empty ones.
  [[nodiscard]] std::string digest(std::string_view system_prompt, std::string_view model) const;

private:
  std::vector<spoken> messages_;
};

} // namespace fake_claude
