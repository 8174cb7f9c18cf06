#include "answer_source.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace fake_claude {

namespace {

/// Length of the code point that starts with this byte; 1 for what is none.
std::size_t code_point_length(char first) {
  auto byte = static_cast<unsigned char>(first);
  if (byte >= 0xf0)
    return 4;
  if (byte >= 0xe0)
    return 3;
  return byte >= 0xc0 ? 2 : 1;
}

std::vector<std::string> code_points(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < text.size(); at += found.back().size())
    found.emplace_back(text.substr(at, code_point_length(text[at])));
  return found;
}

/// Bytes that no decoder should take as they are, and characters that break naive writers.
std::vector<std::string> bad_pieces() {
  using namespace std::string_literals;
  return {"bad:", "\xff", "\xc3", "(", "\xe2\x80\xa8", "\0"s, "\xed\xa0\x80", ":end"};
}

} // namespace

answer_source::answer_source(const script& how, std::string answer)
  : size_{static_cast<std::size_t>(std::max<std::int64_t>(how.number("size", 0), 0))},
    mark_{how.text("mark")},
    answer_{std::move(answer)} {
  if (how.has("bad_utf8") || how.has("utf8")) {
    kind_ = kind::pieces;
    pieces_ = how.has("utf8") ? code_points("Grüße, 世界! 🦊👩‍👩‍👧 ﷽ é")
                              : bad_pieces();
  } else if (how.has("big")) {
    kind_ = kind::bytes;
    count_ = how.number("big", 0);
  } else if (how.has("text") || how.has("mark")) {
    kind_ = kind::counted;
    count_ = how.number("text", 5);
  }
}

std::optional<std::string> answer_source::next() {
  switch (kind_) {
  case kind::counted: {
    if (at_ >= count_)
      return std::nullopt;
    auto token = (mark_.empty() ? "w" : mark_ + "-") + std::to_string(at_++);
    token.resize(std::max(token.size() + 1, size_), ' ');
    return token;
  }
  case kind::bytes: {
    auto wanted = std::min<std::int64_t>(count_ - at_, size_ == 0 ? 4096 : std::int64_t(size_));
    if (wanted <= 0)
      return std::nullopt;
    at_ += wanted;
    return std::string(static_cast<std::size_t>(wanted), 'x');
  }
  case kind::pieces:
    if (at_ >= std::int64_t(pieces_.size()))
      return std::nullopt;
    return pieces_[static_cast<std::size_t>(at_++)];
  case kind::whole:
    break;
  }
  auto begin = static_cast<std::size_t>(at_);
  if (begin >= answer_.size())
    return std::nullopt;
  auto end = begin;
  while (end < answer_.size() && (end == begin || end - begin < (size_ == 0 ? 64 : size_)))
    end += code_point_length(answer_[end]);
  end = std::min(end, answer_.size());
  at_ = static_cast<std::int64_t>(end);
  return answer_.substr(begin, end - begin);
}

} // namespace fake_claude
