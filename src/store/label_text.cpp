#include "store/label_text.hpp"

#include "json/reader.hpp"
#include "json/writer.hpp"

#include <string_view>
#include <utility>

namespace ccapi::store {

void append_labels(std::string& out, const domain::conversation_labels& labels) {
  out += '[';
  for (bool first = true; const auto& [key, value] : labels) {
    if (!std::exchange(first, false))
      out += ',';
    out += '[';
    json::append_string(out, key);
    out += ',';
    json::append_string(out, value);
    out += ']';
  }
  out += ']';
}

domain::result<domain::conversation_labels> read_labels(const simdjson::dom::element& array) {
  const domain::error refusal{.code = domain::error_code::invalid_request,
                              .message = "labels: must be an array of pairs of strings"};
  simdjson::dom::array pairs;
  if (array.get(pairs) != simdjson::SUCCESS)
    return refusal;
  domain::conversation_labels labels;
  for (const auto item : pairs) {
    simdjson::dom::array pair;
    std::string_view key;
    std::string_view value;
    if (item.get(pair) != simdjson::SUCCESS || pair.size() != 2
        || pair.at(0).get(key) != simdjson::SUCCESS || pair.at(1).get(value) != simdjson::SUCCESS)
      return refusal;
    labels.emplace_back(key, value);
  }
  return labels;
}

domain::result<domain::conversation_labels> read_labels(std::string& text) {
  if (text == "[]")
    return domain::conversation_labels{};
  json::reader reader{{.depth = 4, .values = 10'000}};
  const auto document = reader.parse(text);
  if (!document)
    return document.error();
  return read_labels(*document);
}

} // namespace ccapi::store
