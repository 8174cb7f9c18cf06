#include "openai/dialogue.hpp"

#include "openai/field_reader.hpp"

#include <string_view>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;

namespace {

enum class speaker { system, user, assistant };

domain::error invalid_messages(std::string message) {
  return {.code = domain::error_code::invalid_request,
          .message = std::move(message),
          .param = "messages",
          .retry_useful = false};
}

std::optional<speaker> read_role(field_reader& message) {
  const auto role = message.required_string("role");
  if (!role)
    return std::nullopt;
  if (*role == "user")
    return speaker::user;
  if (*role == "assistant")
    return speaker::assistant;
  if (*role == "system" || *role == "developer")
    return speaker::system;
  if (*role == "tool" || *role == "function")
    message.fail_unsupported(message.path_of("role"), "Tool results can't be taken here.");
  else
    message.fail_value(message.path_of("role"),
                       "must be one of system, developer, user, assistant");
  return std::nullopt;
}

/// What an assistant message may carry beside its content.
void refuse_calls(field_reader& message) {
  if (const auto calls = message.array("tool_calls"); calls && calls->size() > 0)
    message.fail_unsupported(message.path_of("tool_calls"), "Tool calls can't be taken here.");
  if (message.object("function_call"))
    message.fail_unsupported(message.path_of("function_call"), "Tool calls can't be taken here.");
  if (message.object("audio"))
    message.fail_unsupported(message.path_of("audio"), "Only text can be taken here.");
}

bool is_text_type(std::string_view type) noexcept {
  return type == "text" || type == "input_text" || type == "output_text";
}

void append_part(field_reader& part, speaker who, std::string& text) {
  const auto type = part.required_string("type");
  if (!type)
    return;
  std::optional<std::string_view> piece;
  if (is_text_type(*type))
    piece = part.required_string("text");
  else if (*type == "refusal" && who == speaker::assistant)
    piece = part.required_string("refusal");
  else
    part.fail_unsupported(part.path_of("type"), "Only text can be taken here.");
  if (piece)
    text.append(*piece);
}

std::string read_content(field_reader& message, speaker who) {
  std::string text;
  const auto content = message.any("content");
  if (!content)
    return text;
  if (content->is_string())
    return std::string{message.string("content").value_or("")};
  dom::array parts;
  if (content->get(parts) != simdjson::SUCCESS) {
    message.fail_type(message.path_of("content"), "a string or an array", *content);
    return text;
  }
  std::size_t index = 0;
  for (const auto item : parts) {
    auto path = message.path_of("content", index++);
    dom::object object;
    if (item.get(object) != simdjson::SUCCESS) {
      message.fail_type(std::move(path), "an object", item);
      return text;
    }
    field_reader part{object, std::move(path)};
    append_part(part, who, text);
    if (part.failed()) {
      message.fail(part.take_failure());
      return text;
    }
  }
  return text;
}

void append_system(std::optional<std::string>& prompt, std::string_view text) {
  if (!prompt)
    prompt.emplace();
  if (text.empty())
    return;
  if (!prompt->empty())
    prompt->append("\n\n");
  prompt->append(text);
}

void read_message(field_reader& message, dialogue& out) {
  const auto who = read_role(message);
  if (!who)
    return;
  if (*who == speaker::assistant)
    refuse_calls(message);
  auto text = read_content(message, *who);
  if (*who == speaker::assistant && text.empty())
    text = message.string("refusal").value_or("");
  if (message.failed())
    return;
  if (*who == speaker::system)
    append_system(out.system_prompt, text);
  else if (*who == speaker::user)
    out.messages.push_back({domain::role::user, std::move(text)});
  else if (!text.empty())
    out.messages.push_back({domain::role::assistant, std::move(text)});
}

} // namespace

domain::result<dialogue> read_dialogue(dom::array messages, std::size_t messages_max) {
  const auto count = messages.size();
  if (count == 0)
    return invalid_messages("Messages cannot be empty");
  if (count > messages_max)
    return invalid_messages("Invalid value for 'messages': at most " + std::to_string(messages_max)
                            + " messages are allowed.");
  dialogue out;
  out.messages.reserve(count);
  std::size_t index = 0;
  for (const auto item : messages) {
    auto path = "messages[" + std::to_string(index++) + "]";
    dom::object object;
    const bool is_object = item.get(object) == simdjson::SUCCESS;
    field_reader message{object, path};
    if (is_object)
      read_message(message, out);
    else
      message.fail_type(std::move(path), "an object", item);
    if (message.failed())
      return message.take_failure();
  }
  if (out.messages.empty() || out.messages.back().role != domain::role::user)
    return invalid_messages("Invalid value for 'messages': the last message must be a user message "
                            "(an answer can't be started by the client).");
  return out;
}

} // namespace ccapi::openai
