#include "input.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <cctype>

namespace fake_claude {

namespace json = boost::json;

std::string_view text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view{value->get_string()}
                                                : std::string_view{};
}

const json::object* object_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

content_text content_of(const json::object& message) {
  content_text found;
  const auto* content = message.if_contains("content");
  if (content == nullptr)
    return found;
  if (const auto* text = content->if_string()) {
    found.all = std::string_view{*text};
    found.last = found.all;
  } else if (const auto* blocks = content->if_array()) {
    for (const auto& block : *blocks)
      if (const auto* fields = block.if_object(); fields && text_of(*fields, "type") == "text") {
        found.last = text_of(*fields, "text");
        found.all += found.last;
      }
  }
  return found;
}

bool is_slash_command(std::string_view last) {
  if (last.size() < 2 || last[0] != '/' || std::isalpha(static_cast<unsigned char>(last[1])) == 0)
    return false;
  return last.substr(1, last.find_first_of(" \n") - 1).find('/') == std::string_view::npos;
}

} // namespace fake_claude
