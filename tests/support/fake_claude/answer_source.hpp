#pragma once
// answer_source: what an answer's text consists of, delta by delta.

#include "script.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fake_claude {

/// The deltas of an answer's text.
class answer_source {
public:
  /// `answer` is cut up unless the script asks for counted tokens.
  answer_source(const script& how, std::string answer);
  /// The text as it is.
  explicit answer_source(std::string answer)
    : answer_{std::move(answer)} {}
  /// Empty at the end.
  std::optional<std::string> next();

private:
  enum class kind { counted, bytes, pieces, whole };

  kind kind_ = kind::whole;
  std::int64_t count_ = 0;
  std::int64_t at_ = 0;
  std::size_t size_ = 64;
  std::string mark_;
  std::string answer_;
  std::vector<std::string> pieces_;
};

} // namespace fake_claude
