#include "script.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace fake_claude {

namespace {

constexpr std::array<std::string_view, 17> faults = {
  "die_at",     "hang_at",          "garbage_at", "giant",         "split",        "bad_utf8",
  "stderr",     "no_read",          "err",        "abandon",       "result_twice", "late",
  "grandchild", "ignore_interrupt", "unknown",    "wrong_session", "fixture"};

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

} // namespace

void script::add(std::string_view text) {
  std::size_t at = 0;
  std::vector<call_wanted> calls;
  directed_ = false;
  while ((at = text.find("[[", at)) != std::string_view::npos) {
    auto end = text.find("]]", at);
    if (end == std::string_view::npos)
      break;
    auto inner = text.substr(at + 2, end - at - 2);
    auto colon = inner.find(':');
    auto name = inner.substr(0, colon);
    at += 2;
    if (!is_name(name))
      continue;
    directed_ = true;
    auto value = colon == std::string_view::npos ? std::string_view{} : inner.substr(colon + 1);
    if (name == "call" || name == "raw_call") {
      const auto end_of_name = std::min(value.find(':'), value.size());
      calls.push_back({std::string{value.substr(0, end_of_name)},
                       std::string{value.substr(std::min(end_of_name + 1, value.size()))}});
      at = end + 2;
      continue;
    }
    std::erase_if(values_, [&](const auto& entry) { return entry.first == name; });
    values_.emplace_back(name, value);
    at = end + 2;
  }
  if (!calls.empty())
    calls_ = std::move(calls);
}

void script::drop_faults() {
  std::erase_if(values_, [](const auto& entry) {
    return std::find(faults.begin(), faults.end(), entry.first) != faults.end();
  });
}

std::string_view script::text(std::string_view name, std::string_view otherwise) const {
  const auto* value = find(name);
  return value != nullptr ? std::string_view{*value} : otherwise;
}

std::string_view script::part(std::string_view name, std::size_t index) const {
  auto rest = text(name);
  for (; index > 0; --index) {
    auto colon = rest.find(':');
    if (colon == std::string_view::npos)
      return {};
    rest.remove_prefix(colon + 1);
  }
  return rest.substr(0, rest.find(':'));
}

std::int64_t script::number_part(std::string_view name, std::size_t index,
                                 std::int64_t otherwise) const {
  auto digits = part(name, index);
  std::int64_t value = 0;
  auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return failure == std::errc{} && end == digits.data() + digits.size() ? value : otherwise;
}

const std::string* script::find(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name)
      return &value;
  return nullptr;
}

} // namespace fake_claude
