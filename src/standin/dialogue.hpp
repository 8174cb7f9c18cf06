#pragma once
// dialogue: the messages that a stand-in knows, and taking back the last of them.

#include "standin/part.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::standin {

/// A message; what the CLI adds by itself has no uuid.
struct spoken {
  bool from_user = false;
  std::string uuid;
  parts content;

  [[nodiscard]] std::string_view role() const noexcept { return from_user ? "user" : "assistant"; }
  [[nodiscard]] std::string text() const { return plain_text(content); }
};

struct rewind_answer {
  bool done = false;
  std::string response; ///< JSON, as the CLI answers rewind_conversation
};

class dialogue {
public:
  void add_user(std::string uuid, parts content) {
    messages_.push_back({true, std::move(uuid), std::move(content)});
  }
  void add_user(std::string uuid, std::string text) {
    add_user(std::move(uuid), text_parts(std::move(text)));
  }
  void add_assistant(std::string uuid, parts content) {
    messages_.push_back({false, std::move(uuid), std::move(content)});
  }
  void add_assistant(std::string uuid, std::string text) {
    add_assistant(std::move(uuid), text_parts(std::move(text)));
  }
  [[nodiscard]] const std::vector<spoken>& messages() const noexcept { return messages_; }

  /// Forgets the last line of a user, seeded or not, and all after it, if it is `target`; nothing
  /// if an earlier one is meant. Old versions (not `newer`) refuse it where no assistant message
  /// comes before the line.
  rewind_answer rewind(std::string_view target, bool newer);
  /// The answer to a rewind that is not done; `reason` is the word of newer versions.
  static rewind_answer refused(std::string_view why, std::string_view reason, bool newer);

private:
  std::vector<spoken> messages_;
};

} // namespace ccapi::standin
