#pragma once
// input: what is written to the CLI's stdin, as far as a stand-in heeds it.

#include "domain/result.hpp"
#include "json/reader.hpp"
#include "standin/part.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ccapi::standin {

/// A user's message; `query`: it wants an answer (else it is history).
struct user_line {
  std::string uuid;
  std::string text;    ///< all text blocks
  parts content;       ///< without empty texts
  std::string command; ///< the last block, if the CLI takes it for a command of its own: "/cost"
  bool query = true;
};

/// An answer of the past.
struct assistant_line {
  std::string uuid;
  std::string text;
  parts content;
};

/// A tool as an MCP server's tools/list names it.
struct declared_tool {
  std::string name;
  std::string description;
  std::string schema; ///< JSON; empty if it is no object's
  bool read_only = false;
  std::size_t result_max = 0; ///< characters, if it says so
};

/// The parent's answer to a message that the CLI sent to an MCP server of the parent's.
struct mcp_answer {
  std::string request_id;
  std::vector<declared_tool> tools; ///< of tools/list
  parts content;                    ///< of tools/call
  bool failed = false;
  std::string error; ///< in place of a result

  /// All texts, a line each.
  [[nodiscard]] std::string text() const;
};

/// What apply_flag_settings names; an empty text takes back what was set.
struct flag_settings {
  std::optional<std::string> effort;
  std::optional<std::string> headers;    ///< ANTHROPIC_CUSTOM_HEADERS
  std::optional<std::string> extra_body; ///< CLAUDE_CODE_EXTRA_BODY
};

struct control_call {
  std::string request_id;
  std::string subtype;
  std::string target_uuid;                  ///< of rewind_conversation
  std::string model;                        ///< of set_model
  std::optional<std::string> system_prompt; ///< of initialize
  flag_settings settings;                   ///< of apply_flag_settings
  std::vector<std::string> servers;         ///< of mcp_set_servers
};

/// A kind of line that means nothing to a stand-in.
struct other_line {
  std::string type;
};

using input = std::variant<user_line, assistant_line, control_call, mcp_answer, other_line>;

/// Not thread-safe. Reused, so that its buffers are allocated once.
class input_reader {
public:
  /// Fails with: invalid_request, whose message is what the CLI complains of before it ends (no
  /// JSON, a key twice, what no strict parser takes, or a line that lacks what its kind needs).
  domain::result<input> read(std::string_view line);

private:
  json::reader lines_{{.depth = 256}};
  std::string text_;
};

} // namespace ccapi::standin
