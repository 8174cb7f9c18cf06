#pragma once
// The `messages` of a chat request: roles and content in all the shapes that clients send, reduced
// to a system prompt and a dialogue of user and assistant.

#include "dialect/parsed_turn.hpp"
#include "domain/result.hpp"
#include "domain/turn/chat_request.hpp"

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {

/// What the model is asked where the last message is an assistant's.
inline constexpr std::string_view continue_query = "Continue exactly where you stopped.";
/// The same where an answer of a certain form, or a call, is wanted: that is no rest of a text.
inline constexpr std::string_view form_query =
  "Now give the answer to all of this in the form that is asked for.";
inline constexpr std::string_view call_query = "Now call the tool that is asked for.";

struct message_list {
  /// System and developer texts from anywhere in the list, in order, joined by blank lines. Set but
  /// empty if there were only blank ones.
  std::optional<std::string> system_prompt;
  /// Not empty; ends with a user message, and none is blank.
  std::vector<domain::message> messages;
  domain::opening opening = domain::opening::plain; ///< plain, asked or open
  domain::text_range question_at{};                 ///< as in chat_request
  /// What was made of messages that the Messages API would not take as they are; safe in a header.
  std::vector<std::string> adjusted;
  bool continued = false;             ///< the last message is continue_query
  std::size_t rescaled_images = 0;    ///< pictures that the CLI makes smaller
  std::vector<std::string> to_load{}; ///< as in parsed_turn
};

/// Blank texts, parts and messages are left out; pictures are checked. Of system texts alone the
/// last becomes the user message; where an assistant's message comes first, the opening is open.
/// Behind a last message that is an assistant's comes continue_query. Results of tools become one
/// user's message behind the calls; what a user says next stands in it, too. A result behind no
/// call is text, unless `conversation_given`: then the first messages may answer calls that only
/// the conversation knows. Fails with: invalid_request, unsupported_parameter (media other than
/// pictures); `param` is the path of the field, e.g. messages[2].content[1].type. Pure.
domain::result<message_list> read_message_list(simdjson::dom::array messages,
                                               const dialect::parse_context& context,
                                               bool conversation_given);

} // namespace ccapi::openai
