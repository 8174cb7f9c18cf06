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

bool api_form_writer::is_object_like(const object& from) {
  std::set<std::string_view> seen;
  std::vector<object> next{from};
  while (!next.empty()) {
    const auto each = next.back();
    next.pop_back();
    if (!spend(1 + each.size()))
      return false;
    if (at(each, "type")) {
      if (text_at(each, "type") == "object")
        return true;
      continue;
    }
    for (const std::string_view keyword :
         {"properties", "required", "additionalProperties", "patternProperties", "propertyNames"})
      if (at(each, keyword))
        return true;
    const auto all = list_at(each, "allOf");
    if (!all)
      continue;
    for (const auto item : *all) {
      dom::object part;
      if (!spend(1) || item.get(part) != simdjson::SUCCESS)
        continue;
      const auto ref = text_at(part, "$ref");
      if (!ref.empty() && !seen.insert(ref).second)
        continue;
      if (const auto target = target_of(ref); target && target->get(part) != simdjson::SUCCESS)
        continue;
      next.push_back(part);
    }
  }
  return false;
}

/// What a schema refers to comes first, then what it says itself, then what its 'allOf' says: of
/// several properties of one name the first is told. A second visit would add nothing.
api_form_writer::merged_object api_form_writer::merge(const object& from) {
  struct visit {
    object part;
    bool is_open; ///< what stands before it is done
  };
  merged_object into;
  std::set<std::string_view> seen;
  std::vector<visit> next{{from, false}};
  while (!next.empty() && spend(1)) {
    const auto each = next.back();
    next.pop_back();
    if (each.is_open) {
      take(into, each.part);
      continue;
    }
    if (!spend(each.part.size()))
      break;
    const auto others = static_cast<std::ptrdiff_t>(next.size());
    if (const auto all = list_at(each.part, "allOf"))
      for (const auto item : *all)
        if (dom::object part; spend(1) && item.get(part) == simdjson::SUCCESS)
          next.push_back({part, false});
    std::reverse(next.begin() + others, next.end());
    next.push_back({each.part, true});
    const auto ref = text_at(each.part, "$ref");
    if (dom::object part; !ref.empty() && seen.insert(ref).second) {
      into.circular = into.circular || is_circular(ref);
      if (const auto target = target_of(ref); target && target->get(part) == simdjson::SUCCESS)
        next.push_back({part, false});
    }
  }
  return into;
}

void api_form_writer::take(merged_object& into, const object& from) {
  dom::object properties;
  if (const auto value = at(from, "properties");
      value && value->get(properties) == simdjson::SUCCESS) {
    into.described = true;
    for (const auto member : properties)
      if (spend(1) && into.names.insert(member.key).second)
        into.properties.emplace_back(member.key, member.value);
  }
  if (const auto required = list_at(from, "required"))
    for (const auto each : *required)
      if (std::string_view name; spend(1) && each.get(name) == simdjson::SUCCESS)
        into.required.push_back(name);
  take_map(into, from);
}

void api_form_writer::take_map(merged_object& into, const object& from) {
  bool open = true;
  if (const auto others = at(from, "additionalProperties")) {
    if (others->get(open) == simdjson::SUCCESS && !open)
      into.closed = true;
    else
      into.values.emplace_back(".additionalProperties", *others);
  }
  object patterns;
  if (const auto value = at(from, "patternProperties");
      value && value->get(patterns) == simdjson::SUCCESS)
    for (const auto member : patterns)
      if (spend(1)) {
        into.patterns = true;
        into.values.emplace_back(".patternProperties." + shown(member.key), member.value);
      }
  if (!into.keys)
    into.keys = at(from, "propertyNames");
  if (object keys; into.keys && into.keys->get(keys) == simdjson::SUCCESS)
    if (const auto target = target_of(text_at(keys, "$ref")))
      into.keys = target;
}

bool api_form_writer::is_map(const merged_object& what) noexcept {
  if (!what.properties.empty() || !what.required.empty())
    return false;
  return what.patterns || (!what.closed && (!what.described || !what.values.empty()));
}

void api_form_writer::name_members(merged_object& of) {
  if (!of.properties.empty() || of.patterns || of.values.size() != 1)
    return;
  const auto name_it = [&](std::string_view name) {
    if (spend(1) && of.names.insert(name).second)
      of.properties.emplace_back(name, of.values.front().second);
  };
  std::for_each(of.required.begin(), of.required.end(), name_it);
  if (object keys; of.keys && of.keys->get(keys) == simdjson::SUCCESS)
    if (const auto names = list_at(keys, "enum"))
      for (const auto each : *names)
        if (std::string_view name; each.get(name) == simdjson::SUCCESS)
          name_it(name);
}

bool api_form_writer::form_of_object(const object& from, std::size_t level) {
  auto wanted = merge(from);
  name_members(wanted);
  if (failure_ || (wanted.circular && ++level > levels_max))
    return false;
  if (is_map(wanted))
    return form_of_map(wanted, from, level);
  std::sort(wanted.required.begin(), wanted.required.end());
  wanted.required.erase(std::unique(wanted.required.begin(), wanted.required.end()),
                        wanted.required.end());
  std::vector<std::string_view> told;
  std::string_view separator;
  add(R"({"type":"object","properties":{)");
  for (const auto& [name, source] : wanted.properties) {
    const auto size = path_.size();
    const auto begin = out_.size();
    path_.append(".properties.").append(shown(name));
    add(separator);
    add(json_text(name));
    add(":");
    const bool possible = form_of(source, level);
    if (failure_)
      return false;
    path_.resize(size);
    const bool is_required =
      std::binary_search(wanted.required.begin(), wanted.required.end(), name);
    if (!possible && is_required)
      return false;
    if (possible)
      separator = ",";
    else
      out_.resize(begin); // too deep within itself: it is optional
    if (is_required)
      told.push_back(name);
  }
  if (told.size() < wanted.required.size()) {
    path_ += ".required";
    fail("it names a property that 'properties' does not describe");
    return false;
  }
  add(R"(},"required":[)");
  separator = "";
  for (const auto& name : told) {
    add(separator);
    add(json_text(name));
    separator = ",";
  }
  add(R"(],"additionalProperties":false)");
  add(description_of(from));
  add("}");
  return true;
}

// -- maps ----------------------------------------------------------------------------------------

const std::string& api_form_writer::map_name() {
  if (!map_name_.empty())
    return map_name_;
  const std::string text{simdjson::minify(root_)};
  map_name_ = "map_entries";
  constexpr std::size_t bytes_per_step = 16;
  while (spend(1 + text.size() / bytes_per_step)
         && text.find(json_text(map_name_)) != std::string::npos)
    map_name_ += '_';
  return map_name_;
}

bool api_form_writer::form_of_map(const merged_object& wanted, const object& from,
                                  std::size_t level) {
  double least = 0;
  if (const auto value = at(from, "minProperties"); value && value->get(least) != simdjson::SUCCESS)
    least = 0;
  const auto name = json_text(map_name());
  add(R"({"type":"object","properties":{)");
  const auto begin = out_.size();
  add(name);
  add(R"(:{"type":"array","items":{"type":"object","properties":{"key":{"type":"string")");
  if (object keys; wanted.keys && wanted.keys->get(keys) == simdjson::SUCCESS)
    add(description_of(keys));
  add(R"(},"value":)");
  const bool possible =
    wanted.values.empty() ? form_of_anything() : form_of_any(wanted.values, level);
  if (failure_ || (!possible && least >= 1))
    return false;
  if (possible) {
    add(R"(},"required":["key","value"],"additionalProperties":false})");
    add(least >= 1 ? R"(,"minItems":1}},"required":[)" : R"(}},"required":[)");
    add(name);
  } else { // too deep within itself: it has no members
    out_.resize(begin);
    add(R"(},"required":[)");
  }
  add(R"(],"additionalProperties":false)");
  add(description_of(from));
  add("}");
  return true;
}

// -- references ----------------------------------------------------------------------------------

std::optional<api_form_writer::element> api_form_writer::target_of(std::string_view ref) {
  if (const auto known = targets_.find(ref); known != targets_.end())
    return known->second;
  constexpr std::size_t targets_max = 1000; // some are no schemas, but only look like references
  if (targets_.size() >= targets_max)
    fail("it has too many references");
  return targets_.emplace(ref, failure_ ? std::nullopt : follow(root_, ref)).first->second;
}

/// `are_names`: the members of `from` are properties, and none of them a keyword.
void api_form_writer::collect_refs(element from, std::set<std::string_view>& refs, bool are_names) {
  if (!spend(1))
    return;
  if (dom::array items; from.get(items) == simdjson::SUCCESS) {
    for (const auto item : items)
      collect_refs(item, refs, false);
  } else if (dom::object members; from.get(members) == simdjson::SUCCESS) {
    for (const auto member : members) {
      const bool is_shelf = member.key == "$defs" || member.key == "definitions";
      std::string_view ref;
      if (!are_names && member.key == "$ref" && member.value.get(ref) == simdjson::SUCCESS)
        refs.insert(ref);
      else if (are_names || !is_shelf)
        collect_refs(member.value, refs, !are_names && member.key == "properties");
    }
  }
}

const std::set<std::string_view>& api_form_writer::refs_in(std::string_view ref) {
  const auto [entry, is_new] = refs_.try_emplace(ref);
  if (const auto target = target_of(ref); is_new && target)
    collect_refs(*target, entry->second, false);
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
      if (!spend(1))
        return true;
      if (seen.insert(inner).second)
        next.push_back(inner);
    }
  }
  return false;
}

std::string api_form_writer::definition_name(std::string_view ref) {
  std::string stem;
  for (const char each : ref.substr(ref.rfind('/') + 1)) {
    const bool plain = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z')
                       || (each >= '0' && each <= '9') || each == '_' || each == '-';
    constexpr std::size_t name_max = 48;
    if (stem.size() < name_max)
      stem += plain ? each : '_';
  }
  auto name = stem;
  auto& number = names_[stem]; // how often it was asked for
  while (number++ > 0 && !names_.try_emplace(name = stem + "_" + std::to_string(number), 1).second)
    continue;
  return name;
}

bool api_form_writer::form_of_ref(std::string_view ref, std::size_t level) {
  if (is_circular(ref) && ++level > levels_max)
    return false;
  const place wanted{ref, level};
  const auto [entry, is_new] = definitions_.try_emplace(wanted);
  auto& made = entry->second;
  if (is_new)
    made.name = definition_name(ref);
  if (made.is_done && made.text.empty())
    return false;
  if (!made.is_done)
    under_way_.push_back(wanted);
  add(R"({"$ref":"#/$defs/)");
  add(made.name);
  add(R"("})");
  return true;
}

} // namespace ccapi::structured
