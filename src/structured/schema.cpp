#include "structured/schema.hpp"

#include "domain/percent.hpp"
#include "json/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ccapi::structured {

namespace dom = simdjson::dom;

namespace {

void append_number(std::string& out, double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_canonical(std::string& out, dom::element value) {
  switch (value.type()) {
  case dom::element_type::ARRAY: {
    out += '[';
    for (const auto item : dom::array{value}) {
      append_canonical(out, item);
      out += ',';
    }
    out += ']';
    return;
  }
  case dom::element_type::OBJECT: {
    std::vector<std::pair<std::string_view, dom::element>> members;
    for (const auto member : dom::object{value})
      members.emplace_back(member.key, member.value);
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (const auto& [name, each] : members) {
      json::append_string(out, name);
      out += ':';
      append_canonical(out, each);
      out += ',';
    }
    out += '}';
    return;
  }
  case dom::element_type::STRING:
    return json::append_string(out, std::string_view{value});
  case dom::element_type::INT64:
    return json::append_integer(out, std::int64_t{value});
  case dom::element_type::DOUBLE: {
    constexpr double exact_max = 9007199254740992; // 2^53
    const double number{value};
    if (std::trunc(number) == number && std::abs(number) <= exact_max)
      return json::append_integer(out, static_cast<std::int64_t>(number));
    return append_number(out, number);
  }
  default:
    out += simdjson::minify(value);
  }
}

} // namespace

std::string canonical_form(dom::element value) {
  std::string text;
  append_canonical(text, value);
  return text;
}

std::optional<dom::element> follow(dom::element root, std::string_view ref) {
  if (ref == "#")
    return root;
  dom::element target;
  const auto pointer = domain::percent_decoded(ref); // a fragment of a URL
  if (!pointer || !pointer->starts_with("#/")
      || root.at_pointer(std::string_view{*pointer}.substr(1)).get(target) != simdjson::SUCCESS)
    return std::nullopt;
  return target;
}

std::string place_of(std::string_view ref) {
  std::string place{ref.substr(1)};
  std::replace(place.begin(), place.end(), '/', '.');
  return place;
}

std::string shown(std::string_view name) {
  constexpr std::size_t shown_max = 64;
  std::string text{name.substr(0, shown_max)};
  while (name.size() > shown_max && !text.empty()
         && (static_cast<unsigned char>(name[text.size()]) & 0xC0U) == 0x80U)
    text.pop_back(); // not within a character
  return text.size() < name.size() ? text + "..." : text;
}

} // namespace ccapi::structured
