#include "domain/content.hpp"

#include <algorithm>
#include <array>
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
    void operator()(const tool_use_block&) const noexcept {}
    void operator()(const tool_result_block&) const noexcept {}
    void operator()(const image_block&) const noexcept {}
    void operator()(const document_block&) const noexcept {}
  } all;
  for (const auto& each : what.content)
    std::visit(all, each);
  return std::move(all.text);
}

void append_text(message& what, std::string_view text) {
  if (text.empty())
    return;
  auto* const first =
    what.content.empty() ? nullptr : std::get_if<text_block>(&what.content.front());
  if (first != nullptr) {
    first->text += text;
    return;
  }
  constexpr std::size_t usual_bytes = 512; // most answers grow beyond this, piece by piece
  std::string begun;
  begun.reserve(std::max(text.size(), usual_bytes));
  begun += text;
  what.content.insert(what.content.begin(), text_block{std::move(begun)});
}

std::string_view canonical_text(std::string_view text) noexcept {
  const auto last = text.find_last_not_of(" \t\r\n\f\v");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool says_nothing(const message& what) noexcept {
  bool nothing = true;
  for (std::size_t index = 0; index < what.content.size(); ++index)
    each_piece(what, index,
               [&nothing](std::string_view piece) { nothing = nothing && piece.empty(); });
  return nothing;
}

namespace {

/// Both are of one kind.
bool same_block(const message& a, const message& b, std::size_t index) noexcept {
  const auto& left = a.content[index];
  const auto& right = b.content[index];
  if (const auto* result = std::get_if<tool_result_block>(&left)) {
    const auto& other = std::get<tool_result_block>(right);
    return result->is_error == other.is_error && result->parts == other.parts;
  }
  // Of the other kinds the number of pieces is fixed.
  std::array<std::string_view, 3> pieces;
  std::size_t count = 0;
  each_piece(a, index, [&](std::string_view piece) { pieces[count++] = piece; });
  bool same = true;
  std::size_t at = 0;
  each_piece(b, index, [&](std::string_view piece) { same = same && pieces[at++] == piece; });
  return same;
}

} // namespace

bool same_message(const message& a, const message& b) noexcept {
  if (a.role != b.role || a.content.size() != b.content.size())
    return false;
  for (std::size_t index = 0; index < a.content.size(); ++index)
    if (a.content[index].index() != b.content[index].index() || !same_block(a, b, index))
      return false;
  return true;
}

std::vector<const tool_use_block*> calls_of(const message& what) {
  std::vector<const tool_use_block*> calls;
  for (const auto& each : what.content)
    if (const auto* call = std::get_if<tool_use_block>(&each))
      calls.push_back(call);
  return calls;
}

std::size_t count_media(const message& what) noexcept {
  std::size_t count = 0;
  each_image(what, [&count](const image_block&) { ++count; });
  for (const auto& each : what.content)
    count += std::holds_alternative<document_block>(each) ? 1 : 0;
  return count;
}

bool has_results(const message& what) noexcept {
  return !what.content.empty() && std::holds_alternative<tool_result_block>(what.content.front());
}

bool answers_calls(const message& what, std::size_t calls) noexcept {
  return calls > 0 && what.content.size() == calls
         && std::all_of(what.content.begin(), what.content.end(), [](const block& each) {
              return std::holds_alternative<tool_result_block>(each);
            });
}

std::size_t heap_bytes(const std::string& text) noexcept {
  return text.capacity() > std::string{}.capacity() ? text.capacity() + 1 : 0;
}

namespace {

std::size_t picture_bytes(const image_block& image) noexcept {
  return heap_bytes(image.media_type) + heap_bytes(*image.base64);
}

std::size_t part_bytes(const tool_result_block::part& part) noexcept {
  if (const auto* image = std::get_if<image_block>(&part))
    return picture_bytes(*image);
  const auto* text = std::get_if<text_block>(&part);
  return text != nullptr ? heap_bytes(text->text) : 0;
}

} // namespace

std::size_t heap_bytes(const message& what) noexcept {
  struct counter {
    std::size_t operator()(const text_block& each) const noexcept { return heap_bytes(each.text); }
    std::size_t operator()(const tool_use_block& each) const noexcept {
      return heap_bytes(each.id) + heap_bytes(each.name) + heap_bytes(each.arguments)
             + heap_bytes(each.canonical);
    }
    std::size_t operator()(const tool_result_block& each) const noexcept {
      std::size_t sum = heap_bytes(each.call_id) + each.parts.capacity() * sizeof each.parts[0];
      for (const auto& part : each.parts)
        sum += part_bytes(part);
      return sum;
    }
    std::size_t operator()(const image_block& each) const noexcept { return picture_bytes(each); }
    std::size_t operator()(const document_block& each) const noexcept {
      return heap_bytes(each.media_type) + heap_bytes(each.title) + heap_bytes(*each.data);
    }
  };
  std::size_t sum = what.content.capacity() * sizeof(block);
  for (const auto& each : what.content)
    sum += std::visit(counter{}, each);
  return sum;
}

void shrink(message& what) {
  struct shrinker {
    void operator()(text_block& each) const { each.text.shrink_to_fit(); }
    void operator()(tool_use_block& each) const {
      each.arguments.shrink_to_fit();
      each.canonical.shrink_to_fit();
    }
    void operator()(tool_result_block& each) const { each.parts.shrink_to_fit(); }
    void operator()(image_block&) const noexcept {}
    void operator()(document_block&) const noexcept {}
  };
  for (auto& each : what.content)
    std::visit(shrinker{}, each);
  what.content.shrink_to_fit();
}

} // namespace ccapi::domain
