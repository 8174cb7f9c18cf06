#include "dialogue.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace fake_claude {

namespace json = boost::json;

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

} // namespace

json::object dialogue::rewind(std::string_view target, bool first_too) {
  std::size_t last = messages_.size(); // one past the last message of a user
  while (last > 0 && (messages_[last - 1].role != "user" || messages_[last - 1].uuid.empty()))
    --last;
  if (last == 0 || messages_[last - 1].uuid != target)
    return refused("stale target", first_too);
  std::size_t answer = last - 1; // one past the last message of an assistant before it
  while (answer > 0 && messages_[answer - 1].role != "assistant")
    --answer;
  if (answer == 0 && !first_too)
    return refused("no preceding assistant", first_too);
  json::value preceding;
  if (answer > 0)
    preceding = json::string{messages_[answer - 1].uuid};
  auto text = messages_[last - 1].text + '\n'; // from the empty block behind it
  messages_.resize(last - 1);
  return {{"rewound", true},
          {"targetMessageUuid", target},
          {"prefillText", text},
          {"precedingAssistantUuid", preceding}};
}

json::object dialogue::refused(std::string_view why, bool newer) {
  json::object answer{{"rewound", false},
                      {"prefillText", nullptr},
                      {"precedingAssistantUuid", nullptr},
                      {"error", why}};
  if (newer)
    answer["reason"] = "stale_target";
  return answer;
}

json::array dialogue::to_json() const {
  json::array all;
  for (const auto& message : messages_)
    all.push_back(json::array{message.role, message.text});
  return all;
}

std::string dialogue::digest(std::string_view system_prompt, std::string_view model) const {
  fields_hash hash;
  hash.add(without_trailing_space(system_prompt));
  hash.add(model);
  for (const auto& message : messages_)
    if (const auto text = without_trailing_space(message.text); !text.empty()) {
      hash.add(message.role);
      hash.add(text);
    }
  return hash.hex();
}

} // namespace fake_claude
