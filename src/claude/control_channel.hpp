#pragma once
// control_channel: the control requests that wait for the CLI's answer, with deadlines. Pure.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::claude {

enum class control_call : std::uint8_t {
  get_binary_version,
  initialize,
  set_tool_server,
  apply_settings,
  interrupt,
  rewind_conversation,
  end_session,
};

/// Stable lower-case name, for logs.
std::string_view to_string(control_call call) noexcept;

/// Not thread-safe; one per CLI process. Some requests are never answered by some versions of the
/// CLI, so each has a deadline.
class control_channel {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// More open calls than this mean a CLI that does not answer.
  static constexpr std::size_t pending_max = 16;

  /// Notes a call and gives its request id, unique in this process. Empty when pending_max calls
  /// are open: nothing was noted; give the process up.
  std::string begin(control_call call, time_point deadline);

  /// The CLI answered: which call it was. nullopt for an id that is not (or no longer) open.
  std::optional<control_call> finish(std::string_view request_id);

  /// Takes out one call whose deadline is `now` or earlier, the earliest first.
  std::optional<control_call> expired(time_point now);

  /// When to call expired() next; nullopt when nothing is open.
  [[nodiscard]] std::optional<time_point> next_deadline() const;

  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

private:
  struct entry {
    std::uint64_t number = 0;
    control_call call{};
    time_point deadline;
  };

  std::vector<entry> pending_;
  std::uint64_t last_number_ = 0;
};

} // namespace ccapi::claude
