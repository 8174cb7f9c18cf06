#pragma once
// upstream: the request that the real CLI would send to the Messages API, and what the API would
// say against it.

#include "dialogue.hpp"

#include "tests/support/api_rules/api_rules.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace fake_claude {

/// What a request is made of besides the dialogue.
struct request_parts {
  std::string_view model; ///< the id, not an alias
  bool newer = true;      ///< not 2.1.197
  std::string_view system_prompt;
  std::string_view effort; ///< empty: the CLI's own
  const boost::json::object& extra_body;
};

/// The body and the betas as the real CLI sends them: max_tokens, thinking and effort by version
/// and model, blank texts left out, neighbouring messages of a user joined, extra_body last.
api_rules::request compose(const request_parts& parts, const dialogue& said);

/// Nothing where ANTHROPIC_FAKE_STRICT is 0. Reads the rules once, when first asked.
std::optional<api_rules::refusal> refusal_of(const api_rules::request& what);

/// Reads lines {"body":…,"betas":[…]} from stdin and writes for each the refusal or null, with the
/// rules that are off: to compare this evaluator with the one in Python. Gives the exit code.
int check_requests();

} // namespace fake_claude
