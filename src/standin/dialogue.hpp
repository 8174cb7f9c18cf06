#pragma once
// dialogue: the messages that a stand-in knows, and taking back the last of them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::standin {

/// A message; what the CLI adds by itself has no uuid.
struct spoken {
  bool from_user = false;
  std::string uuid;
  std::string text;

  [[nodiscard]] std::string_view role() const noexcept { return from_user ? "user" : "assistant"; }
};

struct rewind_answer {
  bool done = false;
  std::string response; ///< JSON, as the CLI answers rewind_conversation
};

class dialogue {
public:
  void add_user(std::string uuid, std::string text) {
    messages_.push_back({true, std::move(uuid), std::move(text)});
  }
  void add_assistant(std::string uuid, std::string text) {
    messages_.push_back({false, std::move(uuid), std::move(text)});
  }
  [[nodiscard]] const std::vector<spoken>& messages() const noexcept { return messages_; }

  /// Forgets the last line of a user, seeded or not, and all after it, if it is `target`; nothing
  /// if an earlier one is meant. Old versions (not `newer`) refuse it where no assistant message
  /// comes before the line.
  rewind_answer rewind(std::string_view target, bool newer);
  /// The answer to a rewind that is not done.
  static rewind_answer refused(std::string_view why, bool newer);

private:
  std::vector<spoken> messages_;
};

} // namespace ccapi::standin
