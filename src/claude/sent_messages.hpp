#pragma once
// sent_messages: the user messages that a CLI process holds, and which of them it can take back.

#include <cstddef>
#include <string>
#include <vector>

namespace ccapi::claude {

/// One per CLI process; grows by one entry per user message. A message with the results of calls is
/// taken back together with the question ahead of it: the CLI has no other way for results that
/// came in answer to its calls. Pure.
class sent_messages {
public:
  /// How a user message got to the CLI.
  enum class kind {
    question,
    results,         ///< of calls, in a line of its own
    results_of_calls ///< in answer to the CLI's calls
  };

  /// A user message was sent; `uuid` is empty if it was left out, as its text was empty, or if it
  /// had no line.
  const std::string& add_user(std::string uuid, kind what = kind::question);
  /// It holds an answer to, or behind, the last of them.
  void add_answer() noexcept { answer_sent_ = true; }
  /// The last one was taken back, with all that followed it.
  void forget_last();
  /// The same for the last `count` questions.
  void forget_questions(std::size_t count);

  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  /// Of the last one. There must be one.
  [[nodiscard]] const std::string& uuid() const { return messages_.back().uuid; }
  /// The lines to be taken back for the last `count` questions, the last one first.
  /// `count` <= rewindable().
  [[nodiscard]] std::vector<std::string> lines_of(std::size_t count) const;
  /// How many of the last questions the CLI can take back, by `lines_max` lines at most.
  /// `to_nothing`: as in claude/capabilities.
  [[nodiscard]] std::size_t rewindable(bool to_nothing, std::size_t lines_max) const noexcept;

private:
  struct sent_message {
    std::string uuid;
    kind what = kind::question;
    bool answer_before = false; ///< some answer comes ahead of it
  };

  std::vector<sent_message> messages_;
  bool answer_sent_ = false;
};

} // namespace ccapi::claude
