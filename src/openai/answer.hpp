#pragma once
// The parts that streamed and whole answers have in common.

#include "domain/turn/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::openai {

/// What all chunks of one answer repeat, and how its usage is told.
struct answer_identity {
  std::string id;           ///< "chatcmpl-..."
  std::int64_t created = 0; ///< seconds since 1970
  std::string model;
  std::string conversation_id; ///< empty: it belongs to none
  bool tells_cost = false;     ///< as `cost` in the usage
};

/// "stop", "length", "content_filter", "tool_calls"; in the legacy form "function_call".
std::string_view to_string(domain::finish_reason reason, bool legacy_calls) noexcept;

/// Appends the usage object. Optional counts are never null: some clients choke on that.
void append_usage(std::string& out, const domain::usage& used, bool tells_cost);

} // namespace ccapi::openai
