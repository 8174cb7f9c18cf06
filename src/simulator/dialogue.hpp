#pragma once
// dialogue: the messages that a simulated process knows. Keeps of each only what answers show.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::simulator {

/// The beginning of a text on one line: control characters become spaces, what is beyond
/// `bytes_max` becomes "…". No character is split. Pure.
std::string excerpt(std::string_view text, std::size_t bytes_max);

class dialogue {
public:
  /// A user's message. Only one with a uuid can be rewound to.
  void add_user(std::string uuid, std::string_view text);
  void add_assistant(std::string_view text);

  /// Forgets the last user message that has a uuid, and all after it, if `uuid` is its. False:
  /// nothing was done.
  bool rewind(std::string_view uuid);

  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  [[nodiscard]] std::size_t of_users() const noexcept;
  /// How the first message begins; empty if there is none.
  [[nodiscard]] std::string_view beginning() const noexcept;
  /// Of all texts.
  [[nodiscard]] std::size_t bytes() const noexcept;

private:
  struct message {
    bool from_user = false;
    std::string uuid;
    std::string beginning;
    std::size_t bytes = 0;
  };

  std::vector<message> messages_;
};

} // namespace ccapi::simulator
