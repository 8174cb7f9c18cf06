#pragma once
// chat_encoder: the answer to one chat completion.

#include "dialect/answer_encoder.hpp"
#include "openai/chat_chunks.hpp"

#include <optional>
#include <string>
#include <utility>

namespace ccapi::openai {

/// A new id, and the time.
answer_identity new_identity(dialect::answer_start&& start, bool tells_cost);

/// Tells a delta of a text or a call, or a failure; false for other events.
bool tell(const domain::event& what, chat_chunks& chunks, std::string& out);

/// Gives the answer its id and time when it begins.
class chat_encoder final : public dialect::answer_encoder {
public:
  /// As chat_chunks. `tells_cost`: as answer_identity.
  explicit chat_encoder(bool include_usage, call_style style = {}, bool tells_cost = false)
    : include_usage_{include_usage},
      tells_cost_{tells_cost},
      style_{std::move(style)} {}

  void open(dialect::answer_start&& start, std::string& out) override;
  void event(const domain::event& what, std::string& out) override;
  void ping(std::string& out) override;
  std::string whole(dialect::answer_start&& start, const dialect::whole_answer& said,
                    const domain::turn_finished& end) override;

private:
  bool include_usage_;
  bool tells_cost_;
  call_style style_;                  ///< until open
  std::optional<chat_chunks> chunks_; ///< set by open
};

} // namespace ccapi::openai
