#pragma once
// opening: what system text is that an assistant's message follows, with no user message between:
// a system prompt, as of clients that leave out the oldest messages, or the question that this
// message answers, asked by an earlier request that held nothing else. Pure but for asked_openings.

#include "domain/dialogue/prefix_index.hpp"
#include "domain/turn/chat_request.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ccapi::domain {

/// The other reading of a request whose opening is open.
struct question_reading {
  std::optional<std::string> system_prompt; ///< what is left of it; unset: nothing
  std::string question;
};

/// `request.opening` must be open.
question_reading as_question(const chat_request& request);

/// Which dialogues were begun by system text alone, by beginning_of(): about the last 4096 (32
/// KiB). What is forgotten is taken for a prompt. Any thread; writers at the same time may lose
/// one.
class asked_openings {
public:
  static constexpr std::size_t groups = 1024;
  static constexpr std::size_t group_size = 4;

  void note(std::uint64_t beginning) noexcept;
  [[nodiscard]] bool has(std::uint64_t beginning) const noexcept;

private:
  /// Beginnings that fall into one group, the last one first.
  using beginnings = std::array<std::atomic<std::uint64_t>, group_size>;
  std::array<beginnings, groups> groups_{};
};

/// Before a request without an id is placed: notes an opening that asks, and settles as a prompt
/// what nobody has asked, and what a strict client sends. What is open afterwards belongs where
/// the question does.
void recall_opening(asked_openings& asked, chat_request& request);

/// Settles an open opening by what is known: it is the question if that and its answer are, and if
/// no more is known of the dialogue that it is the prompt of. The longest known dialogue that the
/// request, as settled, goes on with; see prefix_index::longest.
dialogue settle_opening(const prefix_index& index, chat_request& request,
                        const std::string& default_system_prompt);

/// The same for a request that names a dialogue. `head`: it so far; null: none.
void settle_named_opening(const dialogue& head, chat_request& request);

} // namespace ccapi::domain
