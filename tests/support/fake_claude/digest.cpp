#include "digest.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace fake_claude {

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

std::string digest(const ccapi::standin::dialogue& known, std::string_view system_prompt,
                   std::string_view model) {
  fields_hash hash;
  hash.add(without_trailing_space(system_prompt));
  hash.add(model);
  for (const auto& message : known.messages()) {
    const auto message_text = message.text();
    if (const auto text = without_trailing_space(message_text); !text.empty()) {
      hash.add(message.role());
      hash.add(text);
    }
  }
  return hash.hex();
}

} // namespace fake_claude
