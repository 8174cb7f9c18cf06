#include "structured/schema_compiler.hpp"

#include "structured/schema_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ccapi::structured {

namespace dom = simdjson::dom;
using domain::error_code;

namespace {

/// As many as OpenAI allows properties.
constexpr std::size_t rules_max = 5000;
constexpr std::size_t refs_max = 500;
/// References may lead to one part over parts around it, and it is read for each. Some 100 ms at
/// the worst, and some MiB of values and names.
constexpr std::size_t steps_max = 1'000'000;

constexpr std::array<std::string_view, 12> unknown_ground{
  "$dynamicRef",      "$recursiveRef",         "$dynamicAnchor",   "$anchor",
  "$recursiveAnchor", "unevaluatedProperties", "unevaluatedItems", "dependentSchemas",
  "dependencies",     "contentSchema",         "extends",          "disallow"};

} // namespace

domain::result<void> schema_compiler::run() {
  into_.rules_.emplace_back();
  refs_.emplace("#", &into_.rules_.front());
  path_ = base_;
  if (dom::object root; into_.source_.get(root) != simdjson::SUCCESS)
    fail({}, "a schema for an answer is an object");
  else
    fill(into_.rules_.front(), into_.source_);
  while (!failure_ && !pending_.empty()) {
    auto next = std::move(pending_.back());
    pending_.pop_back();
    path_ = std::move(next.path);
    fill(*next.target, next.source);
  }
  path_ = base_;
  if (!failure_ && leads_to_itself())
    fail({}, "a $ref leads back to itself with no member or item in between");
  if (failure_)
    return *std::move(failure_);
  return {};
}

void schema_compiler::fail(std::string_view keyword, std::string_view what, error_code code) {
  if (failure_)
    return;
  auto place = path_;
  if (!keyword.empty())
    place.append(".").append(keyword);
  const bool unsupported = code == error_code::unsupported_parameter;
  auto message = (unsupported ? "Unsupported parameter: '" : "Invalid value for '") + place;
  message.append("': ").append(what).append(".");
  failure_ = domain::error{
    .code = code, .message = std::move(message), .param = std::move(place), .retry_useful = false};
}

bool schema_compiler::spend(std::size_t steps) {
  steps_ += steps;
  if (steps_ > steps_max)
    fail({}, "the schema takes too much work to be read");
  return !failure_;
}

const rule* schema_compiler::compile(element source) {
  if (into_.rules_.size() >= rules_max)
    fail({}, "the schema has more than " + std::to_string(rules_max) + " parts");
  if (failure_)
    return &into_.rules_.front();
  auto& made = into_.rules_.emplace_back();
  fill(made, source);
  return &made;
}

void schema_compiler::fill(rule& target, element source) {
  if (failure_)
    return;
  if (bool anything = false; source.get(anything) == simdjson::SUCCESS) {
    target.kinds = anything ? kind::all : 0;
    return;
  }
  dom::object from;
  if (source.get(from) != simdjson::SUCCESS)
    return fail({}, "a schema is an object or a boolean");
  constexpr std::size_t searches = 8; // for keywords, through all members, some for a step each
  if (!spend(1 + from.size() * searches))
    return;
  refuse_unknown_ground(from);
  read_kinds(target, from);
  read_values(target, from);
  read_numbers(target, from);
  read_strings(target, from);
  read_arrays(target, from);
  read_objects(target, from);
  read_combinations(target, from);
  read_ref(target, from);
}

void schema_compiler::refuse_unknown_ground(const object& from) {
  for (const auto member : from)
    if (std::find(unknown_ground.begin(), unknown_ground.end(), member.key) != unknown_ground.end())
      fail(member.key, "answers can't be checked against this keyword here",
           error_code::unsupported_parameter);
  // It would change what the references within mean.
  if (path_ != base_ && at(from, "$id"))
    fail("$id", "only the schema itself may have one", error_code::unsupported_parameter);
}

std::uint8_t schema_compiler::kind_of(element word) {
  constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> words{{
    {"null", kind::null},
    {"boolean", kind::boolean},
    {"integer", kind::integer},
    {"number", kind::integer | kind::number},
    {"string", kind::string},
    {"array", kind::array},
    {"object", kind::object},
  }};
  std::string_view text;
  if (word.get(text) == simdjson::SUCCESS)
    for (const auto& [name, kinds] : words)
      if (name == text)
        return kinds;
  fail("type", "must be one of null, boolean, integer, number, string, array, object, or a list "
               "of them");
  return 0;
}

void schema_compiler::read_kinds(rule& target, const object& from) {
  const auto type = at(from, "type");
  if (!type)
    return;
  target.kinds = 0;
  dom::array list;
  if (type->get(list) != simdjson::SUCCESS) {
    target.kinds = kind_of(*type);
    return;
  }
  for (const auto word : list)
    target.kinds |= kind_of(word);
  if (target.kinds == 0)
    fail("type", "must name a type");
}

void schema_compiler::read_values(rule& target, const object& from) {
  if (const auto value = at(from, "const")) {
    auto text = canonical_form(*value);
    if (!spend(text.size()))
      return;
    target.values = std::make_unique<std::set<std::string>>(std::set{std::move(text)});
  }
  const auto choices = at(from, "enum");
  if (!choices)
    return;
  dom::array list;
  if (choices->get(list) != simdjson::SUCCESS || list.size() == 0)
    return fail("enum", "must be a list of values, and not empty");
  std::set<std::string> values;
  for (const auto value : list) {
    constexpr std::size_t steps_of_value = 8;
    auto text = canonical_form(value);
    if (!spend(steps_of_value + text.size()))
      return;
    if (!target.values || target.values->contains(text))
      values.insert(std::move(text));
  }
  target.values = std::make_unique<std::set<std::string>>(std::move(values));
}

const rule* schema_compiler::part(const object& from, std::string_view keyword) {
  const auto value = at(from, keyword);
  if (!value)
    return nullptr;
  const step here{path_, keyword};
  return compile(*value);
}

std::vector<const rule*> schema_compiler::parts(const object& from, std::string_view keyword) {
  std::vector<const rule*> made;
  const auto value = at(from, keyword);
  if (!value)
    return made;
  dom::array list;
  if (value->get(list) != simdjson::SUCCESS || list.size() == 0) {
    fail(keyword, "must be a list of schemas, and not empty");
    return made;
  }
  const step here{path_, keyword};
  std::size_t index = 0;
  for (const auto item : list) {
    const step inside{path_, index++};
    made.push_back(compile(item));
  }
  return made;
}

void schema_compiler::read_combinations(rule& target, const object& from) {
  target.all_of = parts(from, "allOf");
  target.any_of = parts(from, "anyOf");
  target.one_of = parts(from, "oneOf");
  target.none_of = part(from, "not");
  target.condition = part(from, "if");
  target.then = part(from, "then");
  target.otherwise = part(from, "else");
  // What is in these is read where something refers to it.
  for (const std::string_view shelf : {"$defs", "definitions"}) {
    const auto value = at(from, shelf);
    dom::object members;
    if (!value)
      continue;
    const step here{path_, shelf};
    if (value->get(members) != simdjson::SUCCESS)
      fail({}, "must be an object of schemas");
  }
}

void schema_compiler::read_ref(rule& target, const object& from) {
  const auto value = at(from, "$ref");
  if (!value)
    return;
  std::string_view ref;
  if (value->get(ref) != simdjson::SUCCESS)
    return fail("$ref", "must be a string");
  const auto known = refs_.find(ref);
  if (known != refs_.end()) {
    target.all_of.push_back(known->second);
    return;
  }
  const auto source = follow(into_.source_, ref);
  if (!source)
    return fail("$ref", "leads nowhere: references begin with '#/' and stay within the schema");
  if (refs_.size() > refs_max || into_.rules_.size() >= rules_max)
    return fail("$ref", "the schema has too many references");
  auto& made = into_.rules_.emplace_back();
  refs_.emplace(ref, &made);
  target.all_of.push_back(&made);
  pending_.push_back({*source, &made, base_ + place_of(ref)});
}

/// Looks for a circle of rules that all judge the same value: takes away what no other leads to,
/// until nothing else is left.
bool schema_compiler::leads_to_itself() const {
  std::unordered_map<const rule*, std::size_t> sources;
  const auto for_each_next = [](const rule& from, const auto& act) {
    for (const auto* list : {&from.all_of, &from.any_of, &from.one_of})
      for (const auto* next : *list)
        act(next);
    for (const auto* next : {from.none_of, from.condition, from.then, from.otherwise})
      if (next)
        act(next);
  };
  for (const auto& each : into_.rules_)
    for_each_next(each, [&](const rule* next) { ++sources[next]; });
  std::vector<const rule*> free;
  for (const auto& each : into_.rules_)
    if (!sources.contains(&each))
      free.push_back(&each);
  std::size_t taken = 0;
  for (; !free.empty(); ++taken) {
    const auto& each = *free.back();
    free.pop_back();
    for_each_next(each, [&](const rule* next) {
      if (--sources[next] == 0)
        free.push_back(next);
    });
  }
  return taken < into_.rules_.size();
}

domain::result<std::unique_ptr<const schema>> schema::read(std::string text, std::string path) {
  std::unique_ptr<schema> made{new schema};
  auto source = made->reader_.parse(text);
  if (!source) {
    auto failure = std::move(source).error();
    failure.param = std::move(path);
    return failure;
  }
  made->source_ = *source;
  if (auto compiled = schema_compiler{*made, std::move(path)}.run(); !compiled)
    return std::move(compiled).error();
  return std::unique_ptr<const schema>{std::move(made)};
}

} // namespace ccapi::structured
