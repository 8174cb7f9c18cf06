#pragma once
// input: reads fields of the lines on stdin.

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace fake_claude {

/// The string at `key`; empty if there is none.
std::string_view text_of(const boost::json::object& object, std::string_view key);

/// The object at `key`; null if there is none.
const boost::json::object* object_of(const boost::json::object& object, std::string_view key);

/// Texts of a message's content, and its last text block as it stands.
struct content_text {
  std::string all;
  std::string last;
};

content_text content_of(const boost::json::object& message);

/// The CLI takes a last block such as "/cost" for a command of its own; "/usr/bin is" is none.
bool is_slash_command(std::string_view last);

} // namespace fake_claude
