// api_form_writer, the part for objects and references, and what is told in words.

#include "json/writer.hpp"
#include "structured/api_form_writer.hpp"
#include "structured/schema_fields.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace ccapi::structured {

namespace dom = simdjson::dom;

namespace {

/// How often a part may stand within itself.
constexpr std::size_t levels_max = 4;

void collect_refs(dom::element from, std::set<std::string_view>& refs) {
  if (dom::array items; from.get(items) == simdjson::SUCCESS) {
    for (const auto item : items)
      collect_refs(item, refs);
  } else if (dom::object members; from.get(members) == simdjson::SUCCESS) {
    for (const auto member : members) {
      std::string_view ref;
      if (member.key == "$ref" && member.value.get(ref) == simdjson::SUCCESS)
        refs.insert(ref);
      else if (member.key != "$defs" && member.key != "definitions")
        collect_refs(member.value, refs);
    }
  }
}

/// What the API is not told otherwise, for the model to read.
std::string notes_on(const dom::object& from) {
  constexpr std::array<std::string_view, 17> untold{
    "minimum",     "maximum",     "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength",   "maxLength",   "pattern",          "format",           "minItems",
    "maxItems",    "uniqueItems", "minProperties",    "maxProperties",    "dependentRequired",
    "minContains", "maxContains"};
  std::string notes;
  for (const auto& keyword : untold) {
    const auto value = at(from, keyword);
    std::uint64_t count = 2;
    if (!value || (keyword == "minItems" && value->get(count) == simdjson::SUCCESS && count < 2))
      continue;
    notes.append(notes.empty() ? "" : ", ").append(keyword).append(": ");
    notes += simdjson::minify(*value);
  }
  return notes;
}

} // namespace

std::string json_text(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string description_of(const dom::object& from) {
  std::string text{text_at(from, "description")};
  if (const auto notes = notes_on(from); !notes.empty())
    text.append(text.empty() ? "(" : " (").append(notes).append(")");
  return text.empty() ? text : R"(,"description":)" + json_text(text);
}

// -- objects -------------------------------------------------------------------------------------

bool api_form_writer::is_object_like(const object& from, std::size_t hops) const {
  if (const auto type = at(from, "type"))
    return text_at(from, "type") == "object";
  for (const std::string_view keyword :
       {"properties", "required", "additionalProperties", "patternProperties", "propertyNames"})
    if (at(from, keyword))
      return true;
  const auto all = list_at(from, "allOf");
  if (!all || hops > hops_max)
    return false;
  return std::any_of(all->begin(), all->end(), [&](const auto& each) {
    dom::object part;
    if (each.get(part) != simdjson::SUCCESS)
      return false;
    const auto target = follow(root_, text_at(part, "$ref"));
    return (!target || target->get(part) == simdjson::SUCCESS) && is_object_like(part, hops + 1);
  });
}

void api_form_writer::merge(merged_object& into, const object& from, std::size_t hops) const {
  if (const auto target = follow(root_, text_at(from, "$ref"))) {
    dom::object part;
    if (hops < hops_max && target->get(part) == simdjson::SUCCESS)
      merge(into, part, hops + 1);
  }
  dom::object properties;
  if (const auto value = at(from, "properties");
      value && value->get(properties) == simdjson::SUCCESS)
    for (const auto member : properties)
      if (std::none_of(into.properties.begin(), into.properties.end(),
                       [&](const auto& known) { return known.first == member.key; }))
        into.properties.emplace_back(member.key, member.value);
  if (const auto required = list_at(from, "required"))
    for (const auto each : *required)
      if (std::string_view name; each.get(name) == simdjson::SUCCESS)
        into.required.push_back(name);
  bool open = true;
  if (const auto others = at(from, "additionalProperties");
      others && others->get(open) == simdjson::SUCCESS && !open)
    into.closed = true;
  if (const auto all = list_at(from, "allOf"); all && hops < hops_max)
    for (const auto each : *all)
      if (dom::object part; each.get(part) == simdjson::SUCCESS)
        merge(into, part, hops + 1);
}

api_form_writer::form api_form_writer::form_of_object(const object& from, std::size_t level) {
  merged_object wanted;
  merge(wanted, from, 0);
  if (wanted.properties.empty() && !wanted.closed) {
    fail("objects are closed upstream, and this one names no properties");
    return std::nullopt;
  }
  std::sort(wanted.required.begin(), wanted.required.end());
  const auto is_required = [&](std::string_view name) {
    return std::binary_search(wanted.required.begin(), wanted.required.end(), name);
  };
  std::string properties;
  std::string required;
  std::size_t told = 0;
  for (const auto& [name, source] : wanted.properties) {
    const auto size = path_.size();
    path_.append(".properties.").append(shown(name));
    const auto member = form_of(source, level);
    path_.resize(size);
    if (!member && (failure_ || is_required(name)))
      return std::nullopt;
    if (!member)
      continue; // too deep within itself: it is optional
    properties.append(properties.empty() ? "" : ",").append(json_text(name)).append(":");
    properties += *member;
    if (!is_required(name))
      continue;
    required.append(required.empty() ? "" : ",").append(json_text(name));
    ++told;
  }
  const auto names =
    std::unique(wanted.required.begin(), wanted.required.end()) - wanted.required.begin();
  if (told < static_cast<std::size_t>(names)) {
    path_ += ".required";
    fail("it names a property that 'properties' does not describe");
    return std::nullopt;
  }
  return R"({"type":"object","properties":{)" + properties + R"(},"required":[)" + required
         + R"(],"additionalProperties":false)" + description_of(from) + "}";
}

// -- references ----------------------------------------------------------------------------------

const std::set<std::string_view>& api_form_writer::refs_in(std::string_view ref) {
  const auto [entry, is_new] = refs_.try_emplace(ref);
  if (const auto target = follow(root_, ref); is_new && target)
    collect_refs(*target, entry->second);
  return entry->second;
}

bool api_form_writer::is_circular(std::string_view ref) {
  const auto [entry, is_new] = circular_.try_emplace(ref, false);
  if (!is_new)
    return entry->second;
  std::set<std::string_view> seen;
  std::vector<std::string_view> next{ref};
  while (!next.empty()) {
    const auto each = next.back();
    next.pop_back();
    for (const auto inner : refs_in(each)) {
      if (inner == ref)
        return entry->second = true;
      if (seen.insert(inner).second)
        next.push_back(inner);
    }
  }
  return false;
}

std::string api_form_writer::definition_name(std::string_view ref) {
  std::string name;
  for (const char each : ref.substr(ref.rfind('/') + 1)) {
    const bool plain = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z')
                       || (each >= '0' && each <= '9') || each == '_' || each == '-';
    constexpr std::size_t name_max = 48;
    if (name.size() < name_max)
      name += plain ? each : '_';
  }
  const auto stem = name;
  for (std::size_t number = 2; !taken_.insert(name).second; ++number)
    name = stem + "_" + std::to_string(number);
  return name;
}

api_form_writer::form api_form_writer::form_of_ref(std::string_view ref, std::size_t level) {
  const auto target = follow(root_, ref);
  if (!target)
    return std::nullopt;
  if (is_circular(ref) && ++level > levels_max)
    return std::nullopt;
  const auto [entry, is_new] = names_.try_emplace({ref, level});
  auto& name = entry->second;
  if (is_new) {
    name = definition_name(ref);
    auto path = std::exchange(path_, base_ + place_of(ref));
    auto definition = form_of(*target, level);
    path_ = std::move(path);
    if (definition)
      definitions_.emplace_back(name, *std::move(definition));
    else
      name.clear();
  }
  if (name.empty())
    return std::nullopt;
  return R"({"$ref":"#/$defs/)" + name + R"("})";
}

} // namespace ccapi::structured
