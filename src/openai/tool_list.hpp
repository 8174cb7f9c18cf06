#pragma once
// The tools of a chat request in all the shapes that clients send, and what it wants done with
// them.

#include "dialect/parsed_turn.hpp"
#include "domain/turn/tools.hpp"
#include "json/field_reader.hpp"
#include "openai/call_style.hpp"

#include <string>
#include <vector>

namespace ccapi::openai {

struct tool_wishes {
  domain::tool_list tools;      ///< none if the client wants none called
  domain::tool_list declared{}; ///< all, if the choice leaves some out; else none
  domain::tool_choice choice;
  call_style style;
  /// What of the tools could not be taken as it is; safe in a header.
  std::vector<std::string> adjusted;
};

/// tools (nested, flat as in the Responses API, custom, and Anthropic's), functions, tool_choice,
/// function_call, parallel_tool_calls. Fails (in `body`) with: invalid_request (a name that is
/// empty, too long or there twice, a schema that the API would refuse, too many or too large tools,
/// a choice of what is not there); unsupported_parameter (other kinds of tools).
tool_wishes read_tools(json::field_reader& body, const dialect::parse_context& context);

} // namespace ccapi::openai
