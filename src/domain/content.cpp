#include "domain/content.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::domain {

message::message(domain::role who, std::string text)
  : role{who} {
  if (!text.empty())
    content.emplace_back(text_block{std::move(text)});
}

std::string plain_text(const message& what) {
  struct appender {
    std::string text{};
    void operator()(const text_block& each) { text += each.text; }
  } all;
  for (const auto& each : what.content)
    std::visit(all, each);
  return std::move(all.text);
}

void append_text(message& what, std::string_view text) {
  if (text.empty())
    return;
  auto* const last = what.content.empty() ? nullptr : std::get_if<text_block>(&what.content.back());
  if (last != nullptr) {
    last->text += text;
    return;
  }
  constexpr std::size_t usual_bytes = 512; // most answers grow beyond this, piece by piece
  std::string first;
  first.reserve(std::max(text.size(), usual_bytes));
  first += text;
  what.content.emplace_back(text_block{std::move(first)});
}

std::string_view canonical_text(std::string_view text) noexcept {
  const auto last = text.find_last_not_of(" \t\r\n\f\v");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::string_view canonical_bytes(const message& what, std::size_t index) noexcept {
  struct reader {
    bool is_last;
    std::string_view operator()(const text_block& each) const noexcept {
      return is_last ? canonical_text(each.text) : std::string_view{each.text};
    }
  };
  return std::visit(reader{index + 1 == what.content.size()}, what.content[index]);
}

bool says_nothing(const message& what) noexcept {
  for (std::size_t index = 0; index < what.content.size(); ++index)
    if (!canonical_bytes(what, index).empty())
      return false;
  return true;
}

bool same_message(const message& a, const message& b) noexcept {
  if (a.role != b.role || a.content.size() != b.content.size())
    return false;
  for (std::size_t index = 0; index < a.content.size(); ++index)
    if (a.content[index].index() != b.content[index].index()
        || canonical_bytes(a, index) != canonical_bytes(b, index))
      return false;
  return true;
}

std::size_t heap_bytes(const std::string& text) noexcept {
  return text.capacity() > std::string{}.capacity() ? text.capacity() + 1 : 0;
}

std::size_t heap_bytes(const message& what) noexcept {
  struct counter {
    std::size_t operator()(const text_block& each) const noexcept { return heap_bytes(each.text); }
  };
  std::size_t sum = what.content.capacity() * sizeof(block);
  for (const auto& each : what.content)
    sum += std::visit(counter{}, each);
  return sum;
}

void shrink(message& what) {
  struct shrinker {
    void operator()(text_block& each) const { each.text.shrink_to_fit(); }
  };
  for (auto& each : what.content)
    std::visit(shrinker{}, each);
  what.content.shrink_to_fit();
}

} // namespace ccapi::domain
