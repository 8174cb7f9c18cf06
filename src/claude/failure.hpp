#pragma once
// What a failed turn means for the client: the CLI's error result -> domain::error.

#include "claude/message.hpp"
#include "domain/error.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ccapi::claude {

/// What the lines before the result told about a failure. Owned copies: the lines are gone by then.
struct trouble {
  std::optional<std::int64_t> retry_status; ///< of the last api_retry
  std::string retry_error;                  ///< of the last api_retry
  std::optional<std::chrono::milliseconds> retry_delay;
  std::string assistant_error; ///< of the CLI's own (synthetic) message
  std::string stream_error;    ///< type of an error event inside the stream
  bool rate_limit_rejected = false;
  std::optional<std::int64_t> rate_limit_resets_at; ///< Unix seconds
};

/// The failure that an is_error result stands for. `message` is what the API or the CLI says, where
/// that says more than we could, else our own wording; keys, files and addresses of this host are
/// masked. `detail` has the CLI's text without keys.
/// `retry_useful` is true only where nothing was answered and waiting shortly may help.
/// Sources: results recorded from 2.1.197 and 2.1.330; rate_limit_event from the CLI's declared
/// schema, not seen live.
domain::error failure_of(const result& line, const trouble& before,
                         std::chrono::system_clock::time_point now);

/// The failure where the API does not take a picture or document. `said`: the CLI's words for it
/// (2.1.197 to 2.1.332).
domain::error unreadable_picture(std::string_view said);

/// The failure for a client that is to wait in the CLI's place, before the CLI asks again: of a
/// rate limit (429) or an overload (529); nothing for what else the CLI repeats.
std::optional<domain::error> failure_of_wait(const trouble& before,
                                             std::chrono::system_clock::time_point now);

} // namespace ccapi::claude
