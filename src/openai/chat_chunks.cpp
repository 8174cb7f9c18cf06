#include "openai/chat_chunks.hpp"

#include "json/writer.hpp"
#include "openai/errors.hpp"

#include <cstdint>
#include <utility>

namespace ccapi::openai {

namespace {

/// Of a chunk, with a model's name of usual length.
constexpr std::size_t head_bytes = 192;

constexpr std::string_view done = "data: [DONE]\n\n";
constexpr std::string_view tail = "},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
constexpr std::string_view tail_with_usage =
  "},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n";

} // namespace

chat_chunks::chat_chunks(answer_identity identity, bool include_usage, call_style style,
                         std::size_t choice)
  : identity_{std::move(identity)},
    include_usage_{include_usage},
    style_{std::move(style)},
    choice_{choice},
    delta_tail_{include_usage ? tail_with_usage : tail} {}

void chat_chunks::role(std::string& out) {
  if (opened_)
    return;
  opened_ = true;
  head_.reserve(head_bytes);
  head_ = R"(data: {"id":)";
  json::append_string(head_, identity_.id);
  head_ += R"(,"object":"chat.completion.chunk","created":)";
  json::append_integer(head_, identity_.created);
  head_ += R"(,"model":)";
  json::append_string(head_, identity_.model);
  delta_head_.reserve(head_bytes);
  delta_head_ = head_;
  delta_head_ += R"(,"choices":[{"index":)";
  json::append_integer(delta_head_, std::uint64_t{choice_});
  delta_head_ += R"(,"delta":{)";
  out += head_;
  out += R"(,"conversation_id":)";
  json::append_string_or_null(out, identity_.conversation_id);
  out.append(delta_head_, head_.size());
  out += R"("role":"assistant","content":"","refusal":null)";
  out += delta_tail_;
}

void chat_chunks::text(std::string_view delta, std::string& out) {
  if (delta.empty())
    return;
  role(out);
  out += delta_head_;
  out += R"("content":)";
  json::append_string(out, delta);
  out += delta_tail_;
}

void chat_chunks::reasoning(std::string_view delta, std::string& out) {
  if (delta.empty())
    return;
  role(out);
  out += delta_head_;
  out += R"("reasoning_content":)";
  const auto from = out.size();
  json::append_string(out, delta);
  const auto length = out.size() - from;
  out += R"(,"reasoning":)";
  out.append(out, from, length); // escape once
  out += delta_tail_;
}

void chat_chunks::call(const domain::tool_call_started& begun, std::string& out) {
  role(out);
  end_call(out);
  if (style_.legacy && begun.index > 0)
    return;
  const bool custom = style_.is_custom(begun.name);
  call_ = {.index = begun.index, .custom = custom};
  begin_delta(begun.index, out);
  if (!style_.legacy) {
    out += R"("id":)";
    json::append_string(out, begun.id);
    out += custom ? R"(,"type":"custom","custom":{)" : R"(,"type":"function","function":{)";
  }
  out += R"("name":)";
  json::append_string(out, begun.name);
  out += custom ? R"(,"input":"")" : R"(,"arguments":"")";
  end_delta(out);
}

void chat_chunks::input(const domain::tool_input_delta& piece, std::string& out) {
  if (!call_ || call_->index != piece.index || piece.json.empty())
    return;
  call_->told = true;
  if (!call_->custom)
    return arguments(piece.index, false, piece.json, out);
  std::string text;
  call_->reader.take(piece.json, text);
  if (!text.empty())
    arguments(piece.index, true, text, out);
}

void chat_chunks::end_call(std::string& out) {
  if (call_ && !call_->told && !call_->custom)
    arguments(call_->index, false, "{}", out);
  call_.reset();
}

void chat_chunks::begin_delta(std::size_t index, std::string& out) {
  out += delta_head_;
  if (style_.legacy) {
    out += R"("function_call":{)";
    return;
  }
  out += R"("tool_calls":[{"index":)";
  json::append_integer(out, std::uint64_t{index});
  out += ',';
}

void chat_chunks::end_delta(std::string& out) {
  out += style_.legacy ? "}" : "}}]";
  out += delta_tail_;
}

void chat_chunks::arguments(std::size_t index, bool custom, std::string_view piece,
                            std::string& out) {
  begin_delta(index, out);
  if (!style_.legacy)
    out += custom ? R"("custom":{)" : R"("function":{)";
  out += custom ? R"("input":)" : R"("arguments":)";
  json::append_string(out, piece);
  end_delta(out);
}

void chat_chunks::finish(const domain::turn_finished& end, std::string& out) {
  finish_choice(end, out);
  finish_all(end.usage, out);
}

void chat_chunks::finish_choice(const domain::turn_finished& end, std::string& out) {
  role(out);
  end_call(out);
  out += delta_head_;
  out += R"(},"logprobs":null,"finish_reason":")";
  out += to_string(end.reason, style_.legacy);
  out += "\"}]";
  if (end.unstored)
    out += R"(,"stored":false)";
  out += include_usage_ ? ",\"usage\":null}\n\n" : "}\n\n";
}

void chat_chunks::finish_all(const domain::usage& used, std::string& out) {
  if (include_usage_) {
    out += head_;
    out += R"(,"choices":[],"usage":)";
    append_usage(out, used, identity_.tells_cost);
    out += "}\n\n";
  }
  out += done;
}

void chat_chunks::fail(const domain::error& failure, std::string& out) {
  out += "data: ";
  out += error_body(dialect::public_form_of(failure));
  out += "\n\n";
}

void chat_chunks::ping(std::string& out) {
  out += ": ping\n\n";
}

} // namespace ccapi::openai
