#include "digest.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fake_claude {

namespace json = boost::json;
namespace standin = ccapi::standin;

namespace {

std::string_view without_trailing_space(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\n\v\f\r") + 1);
}

class fields_hash {
public:
  void add(std::string_view field) {
    for (const char byte : std::to_string(field.size()) + ':')
      mix(byte);
    for (const char byte : field)
      mix(byte);
  }
  [[nodiscard]] std::string hex() const {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash_));
    return digits.data();
  }

private:
  void mix(char byte) { hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U; }

  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

json::value parsed(const std::string& text) {
  boost::system::error_code failure;
  auto value = json::parse(text, failure);
  return failure ? json::value{} : value;
}

void add_value(fields_hash& hash, const json::value& value) {
  if (const auto* object = value.if_object()) {
    std::vector<std::string_view> keys;
    for (const auto& member : *object)
      keys.emplace_back(member.key());
    std::sort(keys.begin(), keys.end());
    hash.add("{");
    for (const auto key : keys) {
      hash.add(key);
      add_value(hash, object->at(key));
    }
    hash.add("}");
  } else if (const auto* array = value.if_array()) {
    hash.add("[");
    for (const auto& each : *array)
      add_value(hash, each);
    hash.add("]");
  } else if (value.is_string()) {
    hash.add("s");
    hash.add(value.get_string());
  } else if (value.is_number()) {
    std::array<char, 32> digits{};
    if (value.is_double())
      std::snprintf(digits.data(), digits.size(), "%.17g", value.get_double());
    hash.add("n");
    hash.add(value.is_int64()    ? std::to_string(value.get_int64())
             : value.is_uint64() ? std::to_string(value.get_uint64())
                                 : digits.data());
  } else {
    hash.add(value.is_null() ? "null" : value.get_bool() ? "true" : "false");
  }
}

std::string member(const json::value& object, std::string_view key) {
  const auto* fields = object.if_object();
  const auto* value = fields != nullptr ? fields->if_contains(key) : nullptr;
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

/// Of an image's block; empty for others.
std::string image_text(const json::value& block) {
  const auto* fields = block.if_object();
  if (fields == nullptr || !fields->contains("source"))
    return {};
  const auto& source = fields->at("source");
  return "image:" + member(source, "media_type") + ":" + member(source, "data");
}

/// A result's texts and images in one.
std::string result_text(const std::string& content) {
  const auto value = parsed(content);
  if (value.is_string())
    return std::string{value.get_string()};
  std::string all;
  if (const auto* blocks = value.if_array())
    for (const auto& block : *blocks) {
      all += member(block, "text");
      all += image_text(block);
    }
  return all;
}

/// Calls count by their place in the dialogue: clients and the gateway may give them other ids. But
/// an id must lead to one call only.
class calls_hash {
public:
  explicit calls_hash(fields_hash& hash)
    : hash_{hash} {}

  void add_results(const standin::parts& content) {
    std::vector<std::pair<std::size_t, const standin::part*>> results;
    for (const auto& each : content)
      if (each.what == standin::part::kind::tool_result)
        results.emplace_back(numbers_[each.id], &each); // 0: of no call
    std::sort(results.begin(), results.end());
    for (const auto& [number, each] : results) {
      hash_.add(each->failed ? "failed" : "result");
      hash_.add(std::to_string(number));
      const auto text = result_text(each->json);
      hash_.add(without_trailing_space(text));
    }
  }

  void add_calls(const standin::parts& content) {
    for (const auto& each : content)
      if (each.what == standin::part::kind::tool_use) {
        hash_.add(numbers_.emplace(each.id, ++count_).second ? "call" : "call of a known id");
        hash_.add(each.name);
        add_value(hash_, parsed(each.json));
      }
  }

private:
  fields_hash& hash_;
  std::unordered_map<std::string, std::size_t> numbers_;
  std::size_t count_ = 0;
};

} // namespace

std::string digest(const standin::dialogue& known, std::string_view system_prompt,
                   std::string_view model) {
  fields_hash hash;
  hash.add(without_trailing_space(system_prompt));
  hash.add(model);
  calls_hash calls{hash};
  for (const auto& message : known.messages()) {
    calls.add_results(message.content);
    for (const auto& each : message.content)
      if (each.what == standin::part::kind::other)
        if (const auto image = image_text(parsed(each.json)); !image.empty()) {
          hash.add("image");
          hash.add(image);
        }
    const auto whole = message.text();
    if (const auto text = without_trailing_space(whole); !text.empty()) {
      hash.add(message.role());
      hash.add(text);
    }
    calls.add_calls(message.content);
  }
  return hash.hex();
}

} // namespace fake_claude
