#pragma once
// choices_encoder: the answer to one chat completion with n > 1.

#include "dialect/answer_encoder.hpp"
#include "openai/call_style.hpp"
#include "openai/chat_chunks.hpp"
#include "openai/chat_completion.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::openai {

/// All choices have one id, time and model. Of their usage, the prompt counts once, as it came to
/// the first choice, and what was answered counts together.
class choices_encoder final : public dialect::choices_encoder {
public:
  /// `count`: more than one. `tells_cost`: as answer_identity. The rest as chat_chunks.
  choices_encoder(std::size_t count, bool include_usage, call_style style, bool tells_cost = false)
    : include_usage_{include_usage},
      tells_cost_{tells_cost},
      style_{std::move(style)},
      told_(count),
      open_{count} {}

  [[nodiscard]] std::size_t count() const noexcept override { return told_.size(); }
  void select(std::size_t choice) noexcept override { selected_ = choice; }
  void open(dialect::answer_start&& start, std::string& out) override;
  void event(const domain::event& what, std::string& out) override;
  void ping(std::string& out) override;
  void keep(dialect::whole_answer&& said, const domain::turn_finished& end) override;
  std::string whole(dialect::answer_start&& start, const dialect::whole_answer& said,
                    const domain::turn_finished& end) override;

private:
  void count_usage(const domain::usage& used) noexcept;

  bool include_usage_;
  bool tells_cost_;
  call_style style_;
  std::vector<chat_chunks> chunks_; ///< by choice; made by open
  std::vector<told_choice> told_;   ///< by choice; of an answer that is not streamed
  std::size_t open_;                ///< choices of the stream without an end
  std::size_t selected_ = 0;
  domain::usage usage_;
  bool unstored_ = false; ///< one of them was not kept
};

} // namespace ccapi::openai
