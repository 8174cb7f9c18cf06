#include "openai/chat_completion.hpp"

#include "json/writer.hpp"

namespace ccapi::openai {

std::string completion_body(const answer_identity& identity, std::string_view content,
                            std::string_view reasoning, domain::finish_reason reason,
                            const domain::usage& used) {
  constexpr std::size_t frame_bytes = 1024; // about what surrounds the texts
  std::string body;
  body.reserve(frame_bytes + content.size() + content.size() / 8 + 2 * reasoning.size());
  body += R"({"id":)";
  json::append_string(body, identity.id);
  body += R"(,"object":"chat.completion","created":)";
  json::append_integer(body, identity.created);
  body += R"(,"model":)";
  json::append_string(body, identity.model);
  body += R"(,"choices":[{"index":0,"message":{"role":"assistant","content":)";
  json::append_string(body, content);
  body += R"(,"refusal":null,"annotations":[])";
  for (const std::string_view key : {R"(,"reasoning_content":)", R"(,"reasoning":)"}) {
    if (reasoning.empty())
      break;
    body += key;
    json::append_string(body, reasoning);
  }
  body += R"(},"logprobs":null,"finish_reason":")";
  body += to_string(reason);
  body += R"("}],"usage":)";
  append_usage(body, used);
  body += R"(,"service_tier":"default","system_fingerprint":null,"conversation_id":)";
  json::append_string(body, identity.conversation_id);
  body += '}';
  return body;
}

} // namespace ccapi::openai
