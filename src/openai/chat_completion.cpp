#include "openai/chat_completion.hpp"

#include "json/writer.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ccapi::openai {

namespace {

/// The members that name and describe a call, without brackets.
void append_call(std::string& body, const domain::tool_use_block& call, bool custom) {
  body += R"("name":)";
  json::append_string(body, call.name);
  if (custom) {
    std::string text;
    custom_input{}.take(call.arguments, text);
    body += R"(,"input":)";
    json::append_string(body, text);
    return;
  }
  body += R"(,"arguments":)";
  json::append_string(body, call.arguments.empty() ? "{}" : call.arguments);
}

void append_calls(std::string& body, const std::vector<domain::tool_use_block>& calls,
                  const call_style& style) {
  if (calls.empty())
    return;
  if (style.legacy) {
    append_call(body += R"(,"function_call":{)", calls.front(), false);
    body += '}';
    return;
  }
  std::string_view before = R"(,"tool_calls":[)";
  for (const auto& call : calls) {
    const bool custom = style.is_custom(call.name);
    body.append(before).append(R"({"id":)");
    json::append_string(body, call.id);
    body += custom ? R"(,"type":"custom","custom":{)" : R"(,"type":"function","function":{)";
    append_call(body, call, custom);
    body += "}}";
    before = ",";
  }
  body += ']';
}

std::size_t bytes_of(const std::vector<domain::tool_use_block>& calls) noexcept {
  constexpr std::size_t frame = 80;
  std::size_t sum = 0;
  for (const auto& call : calls)
    sum += frame + call.id.size() + call.name.size() + call.arguments.size();
  return sum + sum / 8;
}

std::size_t bytes_of(const dialect::whole_answer& said) noexcept {
  return said.text.size() + said.text.size() / 8 + 2 * said.reasoning.size() + bytes_of(said.calls);
}

void begin(std::string& body, const answer_identity& identity) {
  body += R"({"id":)";
  json::append_string(body, identity.id);
  body += R"(,"object":"chat.completion","created":)";
  json::append_integer(body, identity.created);
  body += R"(,"model":)";
  json::append_string(body, identity.model);
  body += R"(,"choices":[)";
}

void append_choice(std::string& body, std::size_t index, const dialect::whole_answer& said,
                   domain::finish_reason reason, const call_style& style) {
  body += R"({"index":)";
  json::append_integer(body, std::uint64_t{index});
  body += R"(,"message":{"role":"assistant","content":)";
  if (said.text.empty() && !said.calls.empty())
    body += "null";
  else
    json::append_string(body, said.text);
  body += R"(,"refusal":null,"annotations":[])";
  for (const std::string_view key : {R"(,"reasoning_content":)", R"(,"reasoning":)"}) {
    if (said.reasoning.empty())
      break;
    body += key;
    json::append_string(body, said.reasoning);
  }
  append_calls(body, said.calls, style);
  body += R"(},"logprobs":null,"finish_reason":")";
  body += to_string(reason, style.legacy);
  body += "\"}";
}

void end(std::string& body, const domain::usage& used, bool unstored,
         const answer_identity& identity) {
  body += R"(],"usage":)";
  append_usage(body, used, identity.tells_cost);
  body += R"(,"service_tier":"default","system_fingerprint":null,"conversation_id":)";
  json::append_string_or_null(body, identity.conversation_id);
  body += unstored ? R"(,"stored":false})" : "}";
}

constexpr std::size_t frame_bytes = 768; // about what surrounds the texts

} // namespace

std::string completion_body(const answer_identity& identity, const dialect::whole_answer& said,
                            const domain::turn_finished& finished, const call_style& style) {
  std::string body;
  body.reserve(frame_bytes + bytes_of(said));
  begin(body, identity);
  append_choice(body, 0, said, finished.reason, style);
  end(body, finished.usage, finished.unstored, identity);
  return body;
}

std::string completion_body(const answer_identity& identity, std::span<const told_choice> choices,
                            const domain::usage& used, bool unstored, const call_style& style) {
  std::size_t bytes = 0;
  for (const auto& choice : choices)
    bytes += frame_bytes + bytes_of(choice.said);
  std::string body;
  body.reserve(bytes);
  begin(body, identity);
  for (std::size_t index = 0; index < choices.size(); ++index) {
    if (index > 0)
      body += ',';
    append_choice(body, index, choices[index].said, choices[index].reason, style);
  }
  end(body, used, unstored, identity);
  return body;
}

} // namespace ccapi::openai
