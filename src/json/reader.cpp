#include "json/reader.hpp"

#include "json/utf8.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace ccapi::json {

namespace {

namespace dom = simdjson::dom;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t kept_capacity_max = 1 << 20;
constexpr std::size_t kept_keys_max = 1 << 12;

domain::error refusal(std::string message) {
  return {.code = domain::error_code::invalid_request,
          .message = std::move(message),
          .retry_useful = false};
}

domain::error translated(simdjson::error_code code, std::string_view text) {
  switch (code) {
  case simdjson::EMPTY:
    return refusal("Invalid JSON: the text is empty.");
  case simdjson::UTF8_ERROR:
    return refusal("Invalid JSON: not UTF-8" + describe_position(text, first_invalid(text)) + ".");
  case simdjson::UNESCAPED_CHARS:
    return refusal("Invalid JSON: a control character in a string is not escaped.");
  case simdjson::UNCLOSED_STRING:
    return refusal("Invalid JSON: a string is not closed.");
  case simdjson::STRING_ERROR:
    return refusal("Invalid JSON: a string holds a malformed escape.");
  case simdjson::NUMBER_ERROR:
    return refusal("Invalid JSON: a number is malformed or out of range.");
  case simdjson::T_ATOM_ERROR:
  case simdjson::F_ATOM_ERROR:
  case simdjson::N_ATOM_ERROR:
    return refusal("Invalid JSON: a word is neither true, false nor null.");
  case simdjson::DEPTH_ERROR:
    return refusal("Invalid JSON: nested too deep.");
  case simdjson::MEMALLOC:
  case simdjson::CAPACITY:
    return {.code = domain::error_code::request_too_large,
            .message = "The JSON text is too large to be read."};
  default:
    return refusal("Invalid JSON: a value, comma, colon or bracket is missing or out of place.");
  }
}

/// A key that `object` holds twice.
std::optional<std::string_view> duplicate_key(const dom::object& object,
                                              std::vector<std::string_view>& keys) {
  constexpr std::size_t few = 8;
  keys.clear();
  if (object.size() <= few) { // quicker than to sort them
    for (const auto field : object) {
      if (std::find(keys.begin(), keys.end(), field.key) != keys.end())
        return field.key;
      keys.push_back(field.key);
    }
    return std::nullopt;
  }
  for (const auto field : object)
    keys.push_back(field.key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end())
    return std::nullopt;
  return *twice;
}

/// Searches a whole document; `keys` is scratch space. Recursion is bounded by limits.depth.
std::optional<std::string_view> any_duplicate_key(const dom::element& element,
                                                  std::vector<std::string_view>& keys) {
  if (dom::array array; element.get(array) == simdjson::SUCCESS) {
    for (const auto item : array)
      if (auto twice = any_duplicate_key(item, keys))
        return twice;
  } else if (dom::object object; element.get(object) == simdjson::SUCCESS) {
    if (auto twice = duplicate_key(object, keys))
      return twice;
    for (const auto field : object)
      if (auto twice = any_duplicate_key(field.value, keys))
        return twice;
  }
  return std::nullopt;
}

domain::error duplicate_refusal(std::string_view key) {
  constexpr std::size_t shown_max = 64;
  if (key.size() > shown_max)
    return refusal("Invalid JSON: an object holds the same (long) key twice.");
  return refusal("Invalid JSON: an object holds the key '" + std::string{key} + "' twice.");
}

} // namespace

domain::result<dom::element> reader::parse(padded_text padded) {
  static_assert(padded_text::padding >= simdjson::SIMDJSON_PADDING);
  const auto text = padded.view();
  if (auto checked = preflight(padded.bytes(), allowed_); !checked)
    return std::move(checked).error();
  auto document = text;
  if (document.starts_with(byte_order_mark))
    document.remove_prefix(byte_order_mark.size());
  dom::element root;
  constexpr bool copy_first = false; // the padding is there
  if (const auto code = parser_.parse(document.data(), document.size(), copy_first).get(root);
      code != simdjson::SUCCESS)
    return translated(code, text);
  if (const auto twice = any_duplicate_key(root, keys_))
    return duplicate_refusal(*twice);
  return root;
}

void reader::trim() {
  if (parser_.capacity() > kept_capacity_max)
    parser_ = dom::parser{};
  if (keys_.capacity() > kept_keys_max)
    keys_ = {};
}

} // namespace ccapi::json
