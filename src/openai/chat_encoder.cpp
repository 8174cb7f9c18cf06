#include "openai/chat_encoder.hpp"

#include "domain/ids.hpp"
#include "openai/chat_completion.hpp"

#include <cstdint>
#include <ctime>
#include <string_view>
#include <utility>

namespace ccapi::openai {

answer_identity new_identity(dialect::answer_start&& start, bool tells_cost) {
  constexpr std::string_view prefix = "chatcmpl-";
  const auto random = domain::random_hex_128();
  std::string id;
  id.reserve(prefix.size() + random.size());
  id.append(prefix).append(random);
  return {.id = std::move(id),
          .created = static_cast<std::int64_t>(std::time(nullptr)),
          .model = std::move(start.model),
          .conversation_id = std::string{start.conversation_id},
          .tells_cost = tells_cost};
}

bool tell(const domain::event& what, chat_chunks& chunks, std::string& out) {
  if (const auto* text = std::get_if<domain::text_delta>(&what))
    chunks.text(text->text, out);
  else if (const auto* reasoning = std::get_if<domain::reasoning_delta>(&what))
    chunks.reasoning(reasoning->text, out);
  else if (const auto* call = std::get_if<domain::tool_call_started>(&what))
    chunks.call(*call, out);
  else if (const auto* input = std::get_if<domain::tool_input_delta>(&what))
    chunks.input(*input, out);
  else if (const auto* failed = std::get_if<domain::turn_failed>(&what))
    chat_chunks::fail(failed->failure, out);
  else
    return false;
  return true;
}

void chat_encoder::open(dialect::answer_start&& start, std::string& out) {
  chunks_.emplace(new_identity(std::move(start), tells_cost_), include_usage_, std::move(style_));
  chunks_->role(out);
}

void chat_encoder::event(const domain::event& what, std::string& out) {
  if (tell(what, *chunks_, out))
    return;
  if (const auto* finished = std::get_if<domain::turn_finished>(&what))
    chunks_->finish(*finished, out);
}

void chat_encoder::ping(std::string& out) {
  chat_chunks::ping(out);
}

std::string chat_encoder::whole(dialect::answer_start&& start, const dialect::whole_answer& said,
                                const domain::turn_finished& end) {
  return completion_body(new_identity(std::move(start), tells_cost_), said, end, style_);
}

} // namespace ccapi::openai
