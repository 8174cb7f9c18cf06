#include "standin/part.hpp"

#include "json/writer.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::standin {

parts text_parts(std::string text) {
  parts content;
  if (!text.empty())
    content.push_back({.what = part::kind::text, .text = std::move(text)});
  return content;
}

std::string plain_text(const parts& content) {
  std::string all;
  for (const auto& each : content)
    if (each.what == part::kind::text)
      all += each.text;
  return all;
}

bool has(const parts& content, part::kind what) {
  return std::any_of(content.begin(), content.end(),
                     [what](const part& each) { return each.what == what; });
}

void append_json(std::string& out, const part& what) {
  switch (what.what) {
  case part::kind::text:
    out += R"({"type":"text","text":)";
    json::append_bytes(out, what.text);
    break;
  case part::kind::thinking:
    out += R"({"type":"thinking","thinking":)";
    json::append_bytes(out, what.text);
    out += R"(,"signature":"c2ln")";
    break;
  case part::kind::tool_use:
    out += R"({"type":"tool_use","id":)";
    json::append_string(out, what.id);
    out += R"(,"name":)";
    json::append_string(out, what.name);
    out += R"(,"input":)";
    out += what.json;
    break;
  case part::kind::tool_result:
    out += R"({"type":"tool_result","tool_use_id":)";
    json::append_string(out, what.id);
    if (!what.json.empty())
      out.append(R"(,"content":)").append(what.json);
    if (what.failed)
      out += R"(,"is_error":true)";
    break;
  case part::kind::other:
    out += what.json;
    return;
  }
  out += '}';
}

std::string to_json(const parts& content) {
  std::string out = "[";
  for (const auto& each : content) {
    if (out.size() > 1)
      out += ',';
    append_json(out, each);
  }
  return out += ']';
}

} // namespace ccapi::standin
