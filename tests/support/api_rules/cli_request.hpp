#pragma once
// cli_request: the request that the real CLI would send to the Messages API.

#include "api_rules.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string_view>
#include <utility>
#include <vector>

namespace api_rules {

/// A message of the dialogue that the CLI holds.
struct said {
  said(std::string_view who, boost::json::array blocks)
    : role{who},
      content(std::move(blocks)) {} // braces would nest it
  /// A text alone.
  said(std::string_view who, std::string_view text);

  std::string_view role;      ///< user or assistant
  boost::json::array content; ///< blocks as the API has them
};

/// What the CLI makes a request of.
struct cli_state {
  std::string_view model; ///< the id, not an alias
  bool newer = true;      ///< not 2.1.197
  /// As CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS has it: without, there is no context_management.
  bool experimental_betas = true;
  std::string_view system_prompt;
  std::string_view effort; ///< empty: the CLI's own
  std::vector<said> messages;
  boost::json::array tools;       ///< of MCP servers
  boost::json::object extra_body; ///< of CLAUDE_CODE_EXTRA_BODY
};

/// Body and betas as the real CLI sends them: max_tokens, thinking and effort by version and
/// model, blank texts left out, neighbouring messages of a user joined, calls and results paired,
/// extra_body last.
request compose(cli_state state);

} // namespace api_rules
