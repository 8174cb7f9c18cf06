#pragma once
// reply: what the model answers to one request, as the directives want it.

#include "script.hpp"
#include "tests/support/api_rules/api_rules.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fake_claude {

struct reply {
  std::string text;                       ///< unless the script has counted tokens
  bool scripted = true;                   ///< the script says what the text is
  bool silent = false;                    ///< no text at all
  bool thinks = false;                    ///< even if the script does not ask for it
  std::vector<call_wanted> calls;         ///< behind the text
  std::optional<std::int64_t> max_tokens; ///< deltas after which the text is cut
  std::optional<api_rules::refusal> refusal;
};

/// Calls, or the text about their results, as messages_tools.py has them; `otherwise` is the text
/// that the script leads to apart from calls.
reply reply_to(const script& how, const boost::json::object& body, std::string otherwise);

} // namespace fake_claude
