#pragma once
// Parses the body of POST /v1/chat/completions. Lenient in shape, strict in meaning: nothing that
// would change the answer is dropped silently.

#include "dialect/parsed_turn.hpp"
#include "domain/result.hpp"
#include "json/padded_text.hpp"
#include "openai/call_style.hpp"

#include <cstddef>

namespace ccapi::json {
class reader;
}

namespace ccapi::openai {

/// Still without its encoder.
struct parsed_chat : dialect::parsed_turn {
  bool include_usage = false; ///< stream_options.include_usage
  call_style calls{};         ///< how the answer tells them
  std::size_t choices_wanted = 1;
  bool continued = false; ///< the last message was an assistant's
};

/// As dialect::parser; `param` is empty if the body is no JSON object at all.
domain::result<parsed_chat> parse_chat(json::reader& reader, json::padded_text body,
                                       const dialect::parse_context& context);

} // namespace ccapi::openai
