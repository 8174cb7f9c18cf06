#pragma once
// part: what a message consists of, block by block.

#include <string>
#include <string_view>
#include <vector>

namespace ccapi::standin {

/// One block of a message; which members it uses depends on its kind.
struct part {
  enum class kind { text, thinking, tool_use, tool_result, other };

  kind what = kind::text;
  std::string text = {}; ///< of text and thinking
  std::string id = {};   ///< of a tool_use, or of the one that a tool_result is for
  std::string name = {}; ///< of a tool_use: its tool
  std::string json = {}; ///< a tool_use's input, a tool_result's content, all of another block
  bool failed = false;   ///< of a tool_result
};

using parts = std::vector<part>;

/// A list with one text, or none.
parts text_parts(std::string text);
/// All texts, one behind the other.
std::string plain_text(const parts& content);
bool has(const parts& content, part::kind what);

/// As the API has the block; thinking with the signature that a stand-in gives.
void append_json(std::string& out, const part& what);
/// All of them, as an array.
std::string to_json(const parts& content);

} // namespace ccapi::standin
