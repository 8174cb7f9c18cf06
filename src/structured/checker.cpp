#include "structured/checker.hpp"

#include "json/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ccapi::structured {

namespace dom = simdjson::dom;

namespace {

/// Some 150 ms at the worst, or 600 ms with a pattern that is made for that.
constexpr std::size_t steps_max = 1'000'000;
/// Rules that lead to each other, with the depth of the value: some 200 KiB of stack.
constexpr std::size_t depth_max = 300;
/// Bytes of a value that are looked at in one step.
constexpr std::size_t text_per_step = 64;
constexpr std::size_t canonical_per_step = 4;

bool is_whole(dom::element value) {
  double number = 0;
  return !value.is_double()
         || (value.get(number) == simdjson::SUCCESS && std::trunc(number) == number);
}

std::uint8_t kind_of(dom::element value) {
  switch (value.type()) {
  case dom::element_type::ARRAY:
    return kind::array;
  case dom::element_type::OBJECT:
    return kind::object;
  case dom::element_type::STRING:
    return kind::string;
  case dom::element_type::BOOL:
    return kind::boolean;
  case dom::element_type::NULL_VALUE:
    return kind::null;
  default:
    return is_whole(value) ? kind::integer : kind::number;
  }
}

std::string words_for(std::uint8_t kinds) {
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 7> words{{
    {kind::object, "an object"},
    {kind::array, "an array"},
    {kind::string, "a string"},
    {kind::number, "a number"},
    {kind::integer, "an integer"},
    {kind::boolean, "true or false"},
    {kind::null, "null"},
  }};
  std::string text;
  for (const auto& [each, word] : words) {
    if ((kinds & each) == 0 || (each == kind::integer && (kinds & kind::number) != 0))
      continue;
    text.append(text.empty() ? "" : " or ").append(word);
  }
  return text;
}

std::string digits_of(double value) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

bool is_multiple(double value, double of) {
  constexpr double close = 1e-9;
  const auto times = value / of;
  return std::abs(times - std::round(times)) <= close * std::max(1.0, std::abs(times));
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char each) {
    return (static_cast<unsigned char>(each) & 0xC0U) != 0x80U;
  }));
}

bool within(std::size_t count, const count_range& range) {
  return count >= range.least && count <= range.most;
}

std::string range_words(const count_range& range, std::string_view what) {
  std::string text{"must have "};
  if (range.most == range.least)
    text += std::to_string(range.least);
  else if (range.most == no_limit)
    text += "at least " + std::to_string(range.least);
  else if (range.least == 0)
    text += "at most " + std::to_string(range.most);
  else
    text += std::to_string(range.least) + " to " + std::to_string(range.most);
  return text.append(" ").append(what);
}

} // namespace

std::optional<std::string> checker::flaw_of(const rule& wanted, element value) {
  const bool fit = fits(wanted, value);
  if (exhausted_)
    return "the answer takes too much work to be checked against the schema";
  if (fit)
    return std::nullopt;
  return flaw_ ? *std::move(flaw_) : "$ does not fit the schema";
}

bool checker::spend(std::size_t steps) {
  spent_ += steps;
  exhausted_ = exhausted_ || spent_ > steps_max || depth_ > depth_max;
  return !exhausted_;
}

bool checker::object_to(std::string_view what) {
  if (silent_ > 0 || flaw_ || exhausted_)
    return false;
  flaw_ = "$";
  for (const auto& step : place_) {
    if (const auto* name = std::get_if<std::string_view>(&step))
      flaw_->append(".").append(shown(*name));
    else if (const auto* index = std::get_if<std::size_t>(&step))
      flaw_->append("[").append(std::to_string(*index)).append("]");
  }
  flaw_->append(" ").append(what);
  return false;
}

bool checker::fits_silently(const rule& wanted, element value) {
  ++silent_;
  const bool fit = fits(wanted, value);
  --silent_;
  return fit;
}

bool checker::fits(const rule& wanted, element value) {
  ++depth_;
  const auto fit = [&] {
    if (!spend(1) || !fits_kind(wanted, value) || !fits_values(wanted, value))
      return false;
    if (wanted.numbers && value.is_number() && !fits_numbers(*wanted.numbers, value))
      return false;
    std::string_view text;
    if (wanted.strings && value.get(text) == simdjson::SUCCESS
        && !fits_strings(*wanted.strings, text))
      return false;
    dom::array items;
    if (wanted.arrays && value.get(items) == simdjson::SUCCESS
        && !fits_arrays(*wanted.arrays, items))
      return false;
    dom::object members;
    if (wanted.objects && value.get(members) == simdjson::SUCCESS
        && !fits_objects(*wanted.objects, members))
      return false;
    return fits_combinations(wanted, value);
  }();
  --depth_;
  return fit;
}

bool checker::fits_kind(const rule& wanted, element value) {
  if ((kind_of(value) & wanted.kinds) != 0)
    return true;
  return object_to(wanted.kinds == 0 ? "must not be there" : "must be " + words_for(wanted.kinds));
}

bool checker::fits_values(const rule& wanted, element value) {
  if (!wanted.values)
    return true;
  const auto text = canonical_form(value);
  if (!spend(text.size() / canonical_per_step))
    return false;
  return wanted.values->contains(text)
         || object_to(wanted.values->size() == 1 ? "must be the value that the schema gives"
                                                 : "must be one of the values in the schema");
}

bool checker::fits_numbers(const number_rules& wanted, element value) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS)
    return object_to("is out of range");
  if (wanted.minimum && number < *wanted.minimum)
    return object_to("must be at least " + digits_of(*wanted.minimum));
  if (wanted.maximum && number > *wanted.maximum)
    return object_to("must be at most " + digits_of(*wanted.maximum));
  if (wanted.above && number <= *wanted.above)
    return object_to("must be above " + digits_of(*wanted.above));
  if (wanted.below && number >= *wanted.below)
    return object_to("must be below " + digits_of(*wanted.below));
  if (wanted.multiple_of && !is_multiple(number, *wanted.multiple_of))
    return object_to("must be a multiple of " + digits_of(*wanted.multiple_of));
  return true;
}

/// A pattern without the automaton that it may have no memory for takes as many steps for a byte as
/// it is large.
bool checker::matches(const RE2& pattern, std::string_view text) {
  constexpr std::size_t work_per_step = 256;
  const auto size = static_cast<std::size_t>(std::max(1, pattern.ProgramSize()));
  return spend(1 + text.size() * size / work_per_step)
         && RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, pattern);
}

/// Those are our own, and small enough for an automaton.
bool checker::has_format(const RE2& format, std::string_view text) {
  return spend(1 + text.size() / text_per_step)
         && RE2::FullMatch(re2::StringPiece{text.data(), text.size()}, format);
}

bool checker::fits_strings(const string_rules& wanted, std::string_view value) {
  if (!spend(value.size() / text_per_step))
    return false;
  if (!within(characters(value), wanted.length))
    return object_to(range_words(wanted.length, "characters"));
  if (wanted.pattern && !matches(*wanted.pattern, value))
    return object_to("must match the pattern in the schema");
  if (wanted.format && !has_format(*wanted.format, value))
    return object_to("must have the format " + std::string{wanted.format_name});
  return true;
}

bool checker::fits_arrays(const array_rules& wanted, const dom::array& value) {
  if (!within(value.size(), wanted.size))
    return object_to(range_words(wanted.size, "items"));
  std::size_t index = 0;
  for (const auto item : value) {
    const auto* rule = index < wanted.first.size() ? wanted.first[index] : wanted.items;
    place_.emplace_back(index++);
    const bool fit = spend(1) && (rule == nullptr || fits(*rule, item));
    place_.pop_back();
    if (!fit)
      return false;
  }
  return (!wanted.contains || fits_contained(wanted, value))
         && (!wanted.unique || fits_unique(value));
}

bool checker::fits_contained(const array_rules& wanted, const dom::array& value) {
  std::size_t count = 0;
  for (const auto item : value)
    count += fits_silently(*wanted.contains, item) ? 1 : 0;
  return within(count, wanted.contained)
         || object_to(range_words(wanted.contained, "items of the kind that 'contains' wants"));
}

bool checker::fits_unique(const dom::array& value) {
  std::vector<std::string> texts;
  for (const auto item : value) {
    texts.push_back(canonical_form(item));
    if (!spend(1 + texts.back().size() / canonical_per_step))
      return false;
  }
  std::sort(texts.begin(), texts.end());
  return std::adjacent_find(texts.begin(), texts.end()) == texts.end()
         || object_to("must not hold the same item twice");
}

bool checker::fits_member(const object_rules& wanted, std::string_view name, element value) {
  bool known = false;
  if (const auto found = wanted.properties.find(name); found != wanted.properties.end()) {
    known = true;
    if (!fits(*found->second, value))
      return false;
  }
  for (const auto& [pattern, rule] : wanted.patterns)
    if (matches(*pattern, name)) {
      known = true;
      if (!fits(*rule, value))
        return false;
    }
  return known || !wanted.others || fits(*wanted.others, value);
}

bool checker::fits_objects(const object_rules& wanted, const dom::object& value) {
  std::vector<std::string_view> present;
  constexpr std::size_t steps_to_sort = 2; // a member
  if (!spend(steps_to_sort * value.size()))
    return false;
  for (const auto member : value)
    present.push_back(member.key);
  if (!within(present.size(), wanted.size))
    return object_to(range_words(wanted.size, "members"));
  std::sort(present.begin(), present.end());
  if (!fits_required(wanted, present))
    return false;
  for (const auto member : value) {
    place_.emplace_back(member.key);
    const bool fit = spend(1) && fits_member(wanted, member.key, member.value);
    place_.pop_back();
    if (!fit)
      return false;
  }
  if (!wanted.names)
    return true;
  return std::all_of(present.begin(), present.end(), [&](std::string_view name) {
    return fits_name(*wanted.names, name)
           || object_to("has a name that 'propertyNames' does not allow: " + shown(name));
  });
}

/// A name is no value of the document, but a document of its own can have it as one.
bool checker::fits_name(const rule& wanted, std::string_view name) {
  constexpr std::size_t steps_for_parser = 100;
  std::string text;
  json::append_string(text, name);
  dom::parser parser;
  dom::element value;
  return spend(steps_for_parser + text.size()) && parser.parse(text).get(value) == simdjson::SUCCESS
         && fits_silently(wanted, value);
}

bool checker::fits_required(const object_rules& wanted,
                            const std::vector<std::string_view>& present) {
  const auto is_there = [&](std::string_view name) {
    return std::binary_search(present.begin(), present.end(), name);
  };
  if (!spend(wanted.required.size()))
    return false;
  for (const auto& name : wanted.required)
    if (!is_there(name))
      return object_to("lacks '" + shown(name) + "'");
  for (const auto& [reason, names] : wanted.dependent)
    if (spend(1) && is_there(reason) && spend(names.size()))
      for (const auto& name : names)
        if (!is_there(name))
          return object_to("has '" + shown(reason) + "', but lacks '" + shown(name) + "'");
  return true;
}

bool checker::fits_combinations(const rule& wanted, element value) {
  for (const auto* each : wanted.all_of)
    if (!fits(*each, value))
      return false;
  const auto fits_it = [&](const rule* each) { return fits_silently(*each, value); };
  if (wanted.any_of.size() == 1) { // then it can say what is wrong
    if (!fits(*wanted.any_of.front(), value))
      return false;
  } else if (!wanted.any_of.empty()
             && std::none_of(wanted.any_of.begin(), wanted.any_of.end(), fits_it)) {
    return object_to("must fit one of the alternatives in 'anyOf'");
  }
  if (!wanted.one_of.empty()
      && std::count_if(wanted.one_of.begin(), wanted.one_of.end(), fits_it) != 1)
    return object_to("must fit exactly one of the alternatives in 'oneOf'");
  if (wanted.none_of && fits_silently(*wanted.none_of, value))
    return object_to("must not be what 'not' describes");
  if (wanted.condition) {
    const auto* next = fits_silently(*wanted.condition, value) ? wanted.then : wanted.otherwise;
    return !next || fits(*next, value);
  }
  return !exhausted_;
}

} // namespace ccapi::structured
