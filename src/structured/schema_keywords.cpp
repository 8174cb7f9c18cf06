// schema_compiler, the part that reads the keywords of numbers, strings, arrays and objects.

#include "structured/formats.hpp"
#include "structured/schema_compiler.hpp"
#include "structured/schema_fields.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ccapi::structured {

namespace dom = simdjson::dom;
using domain::error_code;

namespace {

constexpr std::size_t patterns_max = 64;

} // namespace

std::optional<double> schema_compiler::number(const object& from, std::string_view keyword) {
  const auto value = at(from, keyword);
  if (!value)
    return std::nullopt;
  double read = 0;
  if (value->get(read) == simdjson::SUCCESS)
    return read;
  fail(keyword, "must be a number");
  return std::nullopt;
}

void schema_compiler::read_numbers(rule& target, const object& from) {
  number_rules rules{.minimum = number(from, "minimum"),
                     .maximum = number(from, "maximum"),
                     .above = number(from, "exclusiveMinimum"),
                     .below = number(from, "exclusiveMaximum"),
                     .multiple_of = number(from, "multipleOf")};
  if (rules.multiple_of && *rules.multiple_of <= 0)
    fail("multipleOf", "must be above 0");
  if (rules.minimum || rules.maximum || rules.above || rules.below || rules.multiple_of)
    target.numbers = std::make_unique<number_rules>(rules);
}

count_range schema_compiler::counts(const object& from, std::string_view least,
                                    std::string_view most) {
  const auto count = [&](std::string_view keyword, std::size_t otherwise) {
    const auto value = number(from, keyword);
    if (!value)
      return otherwise;
    constexpr double exact_max = 9007199254740992; // 2^53
    if (*value >= 0 && *value <= exact_max && std::trunc(*value) == *value)
      return static_cast<std::size_t>(*value);
    fail(keyword, "must be a whole number, at least 0");
    return otherwise;
  };
  return {count(least, 0), count(most, no_limit)};
}

std::unique_ptr<RE2> schema_compiler::pattern(std::string_view text) {
  if (++patterns_ > patterns_max) {
    fail({}, "the schema has more than " + std::to_string(patterns_max) + " patterns");
    return nullptr;
  }
  std::string why;
  auto read = read_pattern(text, why);
  constexpr std::size_t steps_of_instruction = 8;
  if (!read)
    fail({}, why, error_code::unsupported_parameter);
  else
    spend(static_cast<std::size_t>(std::max(1, read->ProgramSize())) * steps_of_instruction);
  return read;
}

void schema_compiler::read_strings(rule& target, const object& from) {
  string_rules rules{.length = counts(from, "minLength", "maxLength"), .format_name = {}};
  if (const auto value = at(from, "pattern")) {
    const step here{path_, "pattern"};
    std::string_view text;
    if (value->get(text) == simdjson::SUCCESS)
      rules.pattern = pattern(text);
    else
      fail({}, "must be a string");
  }
  if (const auto value = at(from, "format")) {
    if (value->get(rules.format_name) == simdjson::SUCCESS)
      rules.format = format_named(rules.format_name);
    else
      fail("format", "must be a string");
  }
  if (rules.length.least > 0 || rules.length.most != no_limit || rules.pattern || rules.format)
    target.strings = std::make_unique<string_rules>(std::move(rules));
}

void schema_compiler::read_arrays(rule& target, const object& from) {
  array_rules rules;
  rules.size = counts(from, "minItems", "maxItems");
  rules.contained = counts(from, "minContains", "maxContains");
  if (!at(from, "minContains"))
    rules.contained.least = 1;
  rules.contains = part(from, "contains");
  rules.first = parts(from, "prefixItems");
  if (const auto items = at(from, "items"); items && items->is_array()) { // until draft 2019-09
    rules.first = parts(from, "items");
    rules.items = part(from, "additionalItems");
  } else {
    rules.items = part(from, "items");
  }
  if (const auto unique = at(from, "uniqueItems"))
    if (unique->get(rules.unique) != simdjson::SUCCESS)
      fail("uniqueItems", "must be true or false");
  if (rules.size.least > 0 || rules.size.most != no_limit || rules.contains || rules.items
      || !rules.first.empty() || rules.unique)
    target.arrays = std::make_unique<array_rules>(std::move(rules));
}

std::vector<std::string_view> schema_compiler::names(element list) {
  std::vector<std::string_view> read;
  dom::array items;
  if (list.get(items) != simdjson::SUCCESS) {
    fail({}, "must be a list of names");
    return read;
  }
  for (const auto item : items)
    if (!spend(1))
      return read;
    else if (std::string_view name; item.get(name) == simdjson::SUCCESS)
      read.push_back(name);
    else
      fail({}, "must be a list of names");
  return read;
}

void schema_compiler::read_properties(object_rules& rules, const object& from) {
  dom::object members;
  if (const auto value = at(from, "properties")) {
    const step here{path_, "properties"};
    if (value->get(members) != simdjson::SUCCESS)
      return fail({}, "must be an object of schemas");
    for (const auto member : members) {
      const step inside{path_, member.key};
      rules.properties.emplace(member.key, compile(member.value));
    }
  }
  if (const auto value = at(from, "patternProperties")) {
    const step here{path_, "patternProperties"};
    if (value->get(members) != simdjson::SUCCESS)
      return fail({}, "must be an object of schemas");
    for (const auto member : members) {
      const step inside{path_, member.key};
      auto read = pattern(member.key);
      rules.patterns.emplace_back(std::move(read), compile(member.value));
    }
  }
}

void schema_compiler::read_dependent(object_rules& rules, const object& from) {
  const auto value = at(from, "dependentRequired");
  if (!value)
    return;
  const step here{path_, "dependentRequired"};
  dom::object members;
  if (value->get(members) != simdjson::SUCCESS)
    return fail({}, "must be an object of lists of names");
  for (const auto member : members) {
    const step inside{path_, member.key};
    rules.dependent.emplace_back(member.key, names(member.value));
  }
}

void schema_compiler::read_objects(rule& target, const object& from) {
  object_rules rules;
  read_properties(rules, from);
  if (const auto value = at(from, "required")) {
    const step here{path_, "required"};
    rules.required = names(*value);
  }
  rules.others = part(from, "additionalProperties");
  rules.names = part(from, "propertyNames");
  rules.size = counts(from, "minProperties", "maxProperties");
  read_dependent(rules, from);
  if (!rules.properties.empty() || !rules.required.empty() || !rules.patterns.empty()
      || rules.others || rules.names || rules.size.least > 0 || rules.size.most != no_limit
      || !rules.dependent.empty())
    target.objects = std::make_unique<object_rules>(std::move(rules));
}

} // namespace ccapi::structured
