#pragma once
// sent_messages: the user messages that a CLI process holds, and which of them it can take back.

#include <cstddef>
#include <string>
#include <vector>

namespace ccapi::claude {

/// One per CLI process; grows by one entry per user message. Pure.
class sent_messages {
public:
  /// A user message was sent; `uuid` is empty if it was left out, as its text was empty.
  const std::string& add_user(std::string uuid);
  /// It holds an answer to, or behind, the last of them.
  void add_answer() noexcept { answer_sent_ = true; }
  /// The last `count` were taken back, with all that followed them.
  void forget_last(std::size_t count = 1);

  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  /// Of the last but `back`; 0 is the last. `back` < size().
  [[nodiscard]] const std::string& uuid(std::size_t back = 0) const {
    return messages_[messages_.size() - 1 - back].uuid;
  }
  /// How many of the last ones the CLI can take back. `to_nothing`: as in claude/capabilities.
  [[nodiscard]] std::size_t rewindable(bool to_nothing) const noexcept;

private:
  struct sent_message {
    std::string uuid;
    bool answer_before = false; ///< some answer comes ahead of it
  };

  std::vector<sent_message> messages_;
  bool answer_sent_ = false;
};

} // namespace ccapi::claude
