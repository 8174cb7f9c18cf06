#pragma once
// Lines for the Claude CLI's stdin. The only place that writes them; a client's JSON never gets
// there as it is.

#include "claude/message.hpp"
#include "domain/content.hpp"
#include "domain/models/turn_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Every function appends exactly one line, without its '\n', to `out`. Texts are valid UTF-8 and
// may hold anything else; no raw line break of any kind gets into the line.
namespace ccapi::claude {

/// The turn's user message, block by block. `uuid` is fresh: the CLI never answers a repeated one.
/// An empty last block keeps the CLI from reading "/word" as its command and "@path" as a file to
/// attach (measured on 2.1.197 and 2.1.330).
void user_line(std::string& out, std::string_view uuid, const domain::message& said);

/// A user message of the past. Its `result` must be awaited before the next line is sent, else
/// the dialogue ends up in the wrong order.
void seed_user_line(std::string& out, std::string_view uuid, const domain::message& said);

/// An answer of the past; nothing comes back. `uuid` and `message_id` are fresh, else the CLI
/// merges messages or loses the chain. The CLI drops an answer without text.
void seed_assistant_line(std::string& out, std::string_view uuid, std::string_view message_id,
                         const domain::message& said);

/// Sets the system prompt, once and before the first turn. Empty: the one of argv stays.
void initialize(std::string& out, std::string_view request_id, std::string_view system_prompt);

/// Sets the parameters of the turns that follow; what is unset goes back to the CLI's own.
/// `tools_declared`: the process knows names of tools, so that a turn without tools has to say so.
void apply_settings(std::string& out, std::string_view request_id,
                    const domain::turn_settings& settings, bool tools_declared = false);

/// Makes `server`, at our end, the only one whose tools the CLI knows. It then asks that server for
/// them (control_request), and the next turn waits for the answers.
void set_tool_server(std::string& out, std::string_view request_id, std::string_view server);

/// Stops the running turn; harmless without one.
void interrupt(std::string& out, std::string_view request_id);

/// The readiness probe; answered before `initialize` and without using it up.
void get_binary_version(std::string& out, std::string_view request_id);

/// Asks for the models that the CLI knows by name; answered before `initialize`.
void list_models(std::string& out, std::string_view request_id);

/// Takes the last user message, and all after it, out of the history. `target_uuid` is its uuid.
void rewind_conversation(std::string& out, std::string_view request_id,
                         std::string_view target_uuid);

/// The process acknowledges and exits 0.
void end_session(std::string& out, std::string_view request_id);

// -- answers of a tool server, by MCP ------------------------------------------------------------

/// To "initialize".
void server_answer(std::string& out, const control_request& asked);
/// To "tools/list": tools that may be called at the same time, and whose results are taken whole.
void tool_names_answer(std::string& out, const control_request& asked,
                       const std::vector<std::string>& names);
/// To a notification, and to what wants no more than an answer.
void empty_answer(std::string& out, const control_request& asked);
/// To "tools/call".
void call_answer(std::string& out, std::string_view request_id, std::int64_t rpc_id,
                 const domain::tool_result_block& result);

/// Whether the CLI passes such results of calls that it waits for on as they are. Of a text beyond
/// 500,000 UTF-16 units it would tell the model the beginning, and it writes each result back in
/// one line, twice, which must not be longer than `line_bytes_max` (2.1.197 to 2.1.332).
bool can_be_brought(const domain::message& results, std::size_t line_bytes_max) noexcept;

/// Says no to a request of the CLI: a tool is denied with `reason`, all else is an error.
void deny(std::string& out, const control_request& request, std::string_view reason);

} // namespace ccapi::claude
