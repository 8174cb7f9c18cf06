#include "openai/choices_encoder.hpp"

#include "openai/chat_encoder.hpp"

namespace ccapi::openai {

void choices_encoder::open(dialect::answer_start&& start, std::string& out) {
  const auto identity = new_identity(std::move(start), tells_cost_);
  chunks_.reserve(count());
  for (std::size_t choice = 0; choice < count(); ++choice)
    chunks_.emplace_back(identity, include_usage_, style_, choice).role(out);
}

void choices_encoder::event(const domain::event& what, std::string& out) {
  auto& chunks = chunks_[selected_];
  if (tell(what, chunks, out))
    return;
  const auto* const finished = std::get_if<domain::turn_finished>(&what);
  if (!finished)
    return;
  chunks.finish_choice(*finished, out);
  count_usage(finished->usage);
  if (--open_ == 0)
    chunks.finish_all(usage_, out);
}

void choices_encoder::ping(std::string& out) {
  chat_chunks::ping(out);
}

void choices_encoder::keep(dialect::whole_answer&& said, const domain::turn_finished& end) {
  told_[selected_] = {.said = std::move(said), .reason = end.reason};
  unstored_ = unstored_ || end.unstored;
  count_usage(end.usage);
}

std::string choices_encoder::whole(dialect::answer_start&& start, const dialect::whole_answer& said,
                                   const domain::turn_finished& end) {
  keep(dialect::whole_answer{said}, end);
  return completion_body(new_identity(std::move(start), tells_cost_), told_, usage_, unstored_,
                         style_);
}

void choices_encoder::count_usage(const domain::usage& used) noexcept {
  if (selected_ == 0) {
    usage_.input_tokens = used.input_tokens;
    usage_.cache_write_tokens = used.cache_write_tokens;
    usage_.cache_read_tokens = used.cache_read_tokens;
  }
  usage_.output_tokens += used.output_tokens;
  usage_.reasoning_tokens += used.reasoning_tokens;
  usage_.cost_micro_usd += used.cost_micro_usd;
}

} // namespace ccapi::openai
