#pragma once
// What the Claude CLI writes, one struct per kind of stdout line (stream-json). Plain views into
// the decoder's memory; absent or ill-typed fields are empty.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace ccapi::claude {

/// An amount in US dollars in millionths: 0 for none and for what is no amount, 10^12 at most.
inline std::int64_t micro_usd(double amount) noexcept {
  constexpr double amount_max = 1e6;
  if (!(amount > 0))
    return 0;
  return std::llround(std::min(amount, amount_max) * 1e6);
}

// Every std::string_view below is valid UTF-8 and lives until the decoder's next call.
// `parent_tool_use_id` is empty for the turn's own output and names the tool call for output of a
// sub-agent.

/// Token counts as one line tells them; what it leaves out is unset. Never negative.
struct token_counts {
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> cache_write;
  std::optional<std::int64_t> cache_read;
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> thinking; ///< part of output; told by 2.1.330, not by 2.1.197
};

// --- system lines ---------------------------------------------------------------------------

/// Opens every turn and every seeded user line.
struct system_init {
  std::string_view model; ///< as configured, maybe with "[1m]"; the API's name is message_start's
};
struct system_status {
  std::string_view status; ///< "requesting", "compacting"; empty for null
};
/// The CLI repeats an API call by itself.
struct api_retry {
  std::int64_t attempt = 0;
  std::int64_t max_retries = 0;
  std::int64_t delay_ms = 0;
  std::optional<std::int64_t> error_status; ///< unset: no HTTP answer
  std::string_view error;                   ///< "rate_limit", "authentication_failed", ...
};
/// The running estimate while the model thinks.
struct thinking_tokens {
  std::int64_t estimated = 0;
};
/// The history up to here was replaced by a summary.
struct compact_boundary {
  std::string_view trigger;
};
/// The turn goes on with another model than the one asked for.
struct model_fallback {
  std::string_view trigger;
  std::string_view original_model;
  std::string_view fallback_model;
};
/// The model declined; there is no other model to ask.
struct model_refusal_no_fallback {
  std::string_view original_model;
  std::string_view category;
  std::string_view explanation;
};
/// The model declined; the CLI asks another one.
struct model_refusal_fallback {
  std::string_view original_model;
  std::string_view fallback_model;
};
struct informational {
  std::string_view content;
  std::string_view level;
};
struct session_state_changed {
  std::string_view state; ///< "running", "idle", ...
};
/// Any other system line whose subtype is known and carries nothing a turn needs.
struct system_note {
  std::string_view subtype;
};

// --- stream events: the Messages API's own events, wrapped ----------------------------------

struct message_start {
  std::string_view id;
  std::string_view model; ///< the model that runs
  token_counts usage;
  std::string_view parent_tool_use_id;
};
struct content_block_start {
  std::int64_t index = 0;
  std::string_view kind; ///< "text", "thinking", "tool_use", ...
  std::string_view id;   ///< of a tool_use
  std::string_view name; ///< of a tool_use
  std::string_view parent_tool_use_id;
};
enum class delta_kind : std::uint8_t { text, thinking, signature, input_json, other };
struct content_block_delta {
  std::int64_t index = 0;
  delta_kind kind = delta_kind::other;
  std::string_view text; ///< the payload of whichever kind
  std::string_view parent_tool_use_id;
};
struct content_block_stop {
  std::int64_t index = 0;
  std::string_view parent_tool_use_id;
};
struct message_delta {
  std::string_view stop_reason; ///< empty for null: the message was cut
  token_counts usage;
  std::string_view parent_tool_use_id;
};
struct message_stop {
  std::string_view parent_tool_use_id;
};
struct ping {};
struct stream_error {
  std::string_view type; ///< "overloaded_error", ...
  std::string_view text;
};

// --- other lines ----------------------------------------------------------------------------

/// One finished content block of the model, or an error text of the CLI (model "<synthetic>").
/// `stop_reason` and `usage` are right only where the block was not streamed before.
struct assistant {
  std::string_view id;
  std::string_view model;
  std::string_view text;  ///< the text blocks, joined
  std::string_view error; ///< "authentication_failed", "billing_error", "rate_limit", ...
  std::string_view stop_reason;
  token_counts usage;
  std::string_view parent_tool_use_id;

  [[nodiscard]] bool synthetic() const noexcept { return model == "<synthetic>"; }
};
/// Something the CLI put into the dialogue as user: tool results, "[Request interrupted by user]",
/// an echo of ours (`replay`).
struct user {
  std::string_view uuid;
  bool replay = false;
  bool tool_result = false;
  std::string_view parent_tool_use_id;
};
/// Ends a turn, and every seeded user line. `subtype` "success" does not mean success.
struct result {
  std::string_view subtype;
  bool is_error = false;
  std::optional<std::int64_t> api_error_status; ///< HTTP status of the API, if it answered
  std::string_view api_error_type;              ///< 2.1.330: "overloaded_error", ...
  std::string_view api_error;                   ///< 2.1.330: "connection_failed", ...
  std::string_view text;
  std::string_view stop_reason;
  std::string_view terminal_reason;
  token_counts usage; ///< summed over the turn; all 0 after an interrupt
  std::vector<std::string_view> errors;
  std::int64_t safety_stops = 0;
  std::int64_t total_cost_micro_usd = 0; ///< since the process began; 0 to 10^12
};
struct rate_limit_event {
  std::string_view status;               ///< "allowed", "allowed_warning", "rejected"
  std::string_view kind;                 ///< "five_hour", "seven_day", ...
  std::optional<std::int64_t> resets_at; ///< Unix seconds
  std::optional<double> utilization;     ///< 0 to 1
  bool uses_overage = false;             ///< beyond the limit, for extra money
};
/// The answer to a control request of ours.
struct control_response {
  std::string_view request_id;
  bool ok = false;
  std::string_view error;      ///< why not, if !ok; a refused rewind tells it with ok
  std::string_view version;    ///< get_binary_version
  std::optional<bool> rewound; ///< rewind_conversation
};
/// The CLI asks us. Must be answered (encoder: deny), but for a call of a client's tool, which is
/// answered when its result is there (claude/tool_channel).
struct control_request {
  std::string_view request_id;
  std::string_view subtype; ///< "can_use_tool", "mcp_message", ...
  std::string_view tool_name;
  // Of an mcp_message, JSON-RPC to a server that we have declared:
  std::string_view server;
  std::string_view method;            ///< "initialize", "tools/list", "tools/call", ...
  std::optional<std::int64_t> rpc_id; ///< unset: a notification
  std::string_view called_tool;       ///< tools/call: its name as the API knows it
  std::string_view tool_use_id; ///< tools/call: the id that the model's call was streamed with
};
struct control_cancel_request {
  std::string_view request_id;
};
struct keep_alive {};
/// 2.1.330: the way of one of our user lines. May come before or after the turn's own lines.
struct command_lifecycle {};
/// The history is gone (/clear).
struct conversation_reset {};
struct tool_progress {
  std::string_view tool_use_id;
};
struct tool_use_summary {};
struct auth_status {
  std::string_view error;
};
struct prompt_suggestion {};
/// A type or subtype this code does not know; to be counted and skipped.
struct unknown {
  std::string_view type;
  std::string_view subtype;
};

using message =
  std::variant<unknown, system_init, system_status, api_retry, thinking_tokens, compact_boundary,
               model_fallback, model_refusal_no_fallback, model_refusal_fallback, informational,
               session_state_changed, system_note, message_start, content_block_start,
               content_block_delta, content_block_stop, message_delta, message_stop, ping,
               stream_error, assistant, user, result, rate_limit_event, control_response,
               control_request, control_cancel_request, keep_alive, command_lifecycle,
               conversation_reset, tool_progress, tool_use_summary, auth_status, prompt_suggestion>;

} // namespace ccapi::claude
