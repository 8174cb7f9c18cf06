#pragma once
// chat_encoder: the answer to one chat completion.

#include "dialect/answer_encoder.hpp"
#include "openai/chat_chunks.hpp"

#include <optional>

namespace ccapi::openai {

/// Gives the answer its id and time when it begins.
class chat_encoder final : public dialect::answer_encoder {
public:
  /// `include_usage` as in chat_chunks.
  explicit chat_encoder(bool include_usage)
    : include_usage_{include_usage} {}

  void open(dialect::answer_start&& start, std::string& out) override;
  void event(const domain::event& what, std::string& out) override;
  void ping(std::string& out) override;
  std::string whole(dialect::answer_start&& start, std::string_view text,
                    std::string_view reasoning, const domain::turn_finished& end) override;

private:
  bool include_usage_;
  std::optional<chat_chunks> chunks_; ///< set by open
};

} // namespace ccapi::openai
