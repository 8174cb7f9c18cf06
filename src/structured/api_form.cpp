#include "structured/api_form.hpp"

#include "json/writer.hpp"
#include "structured/api_form_writer.hpp"
#include "structured/schema_fields.hpp"

#include <algorithm>
#include <array>

namespace ccapi::structured {

namespace dom = simdjson::dom;

namespace {

/// Of the form as a whole, references counted once; each is looked at twice at most.
constexpr std::size_t parts_max = 40'000;
/// Some 100 ms at the worst.
constexpr std::size_t steps_max = 1'000'000;
constexpr std::size_t depth_max = 100;
constexpr std::size_t form_bytes_max = std::size_t{1} << 20;

constexpr std::array<std::string_view, 5> scalars{"string", "number", "integer", "boolean", "null"};

constexpr std::string_view any_scalar =
  R"({"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"}])";

bool is_scalar(dom::element value) noexcept {
  return !value.is_array() && !value.is_object();
}

/// What a schema without a type is about; empty: its keywords do not say.
std::string_view kind_meant(const dom::object& from) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> signs{{
    {"items", "array"},
    {"prefixItems", "array"},
    {"minItems", "array"},
    {"maxItems", "array"},
    {"contains", "array"},
    {"uniqueItems", "array"},
    {"pattern", "string"},
    {"format", "string"},
    {"minLength", "string"},
    {"maxLength", "string"},
    {"minimum", "number"},
    {"maximum", "number"},
    {"exclusiveMinimum", "number"},
    {"exclusiveMaximum", "number"},
    {"multipleOf", "number"},
  }};
  for (const auto& [keyword, type] : signs)
    if (at(from, keyword))
      return type;
  return {};
}

} // namespace

domain::result<api_form> api_form_of(const schema& wanted, const std::string& path) {
  return api_form_writer{wanted.source(), path}.run();
}

domain::result<api_form> api_form_writer::run() {
  if (find_root())
    write_root_and_definitions();
  if (!failure_ && definitions_[place{}].text.empty())
    fail("no value can ever be complete");
  if (failure_)
    return *std::move(failure_);
  return api_form{.text = put_together(), .map_name = std::move(map_name_)};
}

/// The API wants to see an object there, and no reference to one.
bool api_form_writer::find_root() {
  auto source = root_;
  std::string_view ref;
  // This ends: schema::read refuses a reference that leads to itself.
  while (source.get(root_object_) == simdjson::SUCCESS
         && !(ref = text_at(root_object_, "$ref")).empty()) {
    const auto target = target_of(ref);
    if (!target)
      break;
    source = *target;
  }
  if (!source.is_object() || !is_object_like(root_object_))
    fail("the root of the schema must be an object (\"type\": \"object\")");
  return !failure_;
}

/// Writes what something refers to before it, so that it is known whether that is possible at all.
/// What is written first finds out what is missing, and is written again when that is there.
void api_form_writer::write_root_and_definitions() {
  under_way_.emplace_back();
  while (!failure_ && !under_way_.empty()) {
    const auto next = under_way_.back();
    const auto& [ref, level] = next;
    auto& made = definitions_[next];
    const auto waiting = under_way_.size();
    bool possible = false;
    out_.clear();
    if (made.is_done) {
      under_way_.pop_back();
      continue;
    }
    if (ref.empty()) {
      path_ = base_;
      possible = form_of_object(root_object_, level);
    } else if (const auto target = target_of(ref)) {
      path_ = base_ + place_of(ref);
      possible = form_of(*target, level);
    }
    if (under_way_.size() > waiting)
      continue;
    under_way_.pop_back();
    made.is_done = true;
    if (possible)
      made.text = out_;
    bytes_ += made.name.size() + made.text.size() + std::string_view{R"("":,)"}.size();
  }
  path_ = base_;
}

std::string api_form_writer::put_together() {
  auto text = std::move(definitions_[place{}].text);
  std::string_view separator = R"(,"$defs":{)";
  for (const auto& [at, each] : definitions_) {
    if (at.first.empty() || each.text.empty())
      continue;
    if (text.back() == '}' && separator != ",")
      text.pop_back();
    text.append(separator).append(json_text(each.name)).append(":").append(each.text);
    separator = ",";
  }
  return separator == "," ? text.append("}}") : text;
}

void api_form_writer::fail(std::string_view what) {
  if (failure_)
    return;
  auto message = "Unsupported parameter: '" + path_ + "'. The model can't be held to it: ";
  message.append(what).append(".");
  failure_ = domain::error{.code = domain::error_code::unsupported_parameter,
                           .message = std::move(message),
                           .param = path_,
                           .retry_useful = false};
}

bool api_form_writer::spend(std::size_t steps) {
  steps_ += steps;
  if (steps_ > steps_max)
    fail("it takes too much work to be told");
  return !failure_;
}

void api_form_writer::add(std::string_view text) {
  constexpr std::size_t bytes_per_step = 16;
  if (bytes_ + out_.size() + text.size() > form_bytes_max)
    fail("what the API has to be told of it is longer than " + std::to_string(form_bytes_max)
         + " bytes");
  if (spend(1 + text.size() / bytes_per_step))
    out_.append(text);
}

bool api_form_writer::form_of(element source, std::size_t level) {
  if (++parts_ > parts_max)
    fail("it has too many parts");
  if (++depth_ > depth_max)
    fail("its parts lead more than " + std::to_string(depth_max) + " deep");
  const auto begin = out_.size();
  bool possible = false;
  if (dom::object from; source.get(from) == simdjson::SUCCESS) {
    constexpr std::size_t searches = 8; // for keywords, through all members, some for a step each
    possible = spend(1 + from.size() * searches) && form_of_part(from, level);
  } else if (source.get(possible) == simdjson::SUCCESS && possible) {
    form_of_anything();
  }
  --depth_;
  if (possible && !failure_)
    return true;
  out_.resize(begin);
  return false;
}

bool api_form_writer::form_of_anything() {
  add(any_scalar);
  add("}");
  return true;
}

bool api_form_writer::form_of_part(const object& from, std::size_t level) {
  if (const auto ref = text_at(from, "$ref"); !ref.empty())
    return form_of_ref(ref, level);
  const bool is_choice = at(from, "const") || at(from, "enum");
  if (is_choice && form_of_values(from, true))
    return true;
  if (const auto kinds = list_at(from, "type"))
    return form_of_kinds(*kinds, from, level);
  if (const auto kind = text_at(from, "type"); !kind.empty())
    return form_of_kind(kind, from, level);
  if (is_object_like(from))
    return form_of_object(from, level);
  for (const std::string_view keyword : {"anyOf", "oneOf"})
    if (const auto alternatives = list_at(from, keyword))
      return form_of_alternatives(*alternatives, from, level);
  if (const auto all = list_at(from, "allOf"))
    return form_of(all->at(0).value(), level); // the others are looked at in the end
  if (const auto kind = kind_meant(from); !kind.empty())
    return form_of_kind(kind, from, level);
  if (is_choice)
    return form_of_values(from, false);
  add(any_scalar);
  add(description_of(from));
  add("}");
  return true;
}

bool api_form_writer::form_of_kind(std::string_view kind, const object& from, std::size_t level) {
  if (kind == "object")
    return form_of_object(from, level);
  if (kind == "array")
    return form_of_array(from, level);
  add(R"({"type":)" + json_text(kind));
  add(description_of(from));
  add("}");
  return true;
}

template <class Write>
bool api_form_writer::any_of(const dom::array& alternatives, const object& from, Write write) {
  std::string_view separator = R"({"anyOf":[)";
  for (const auto each : alternatives) {
    const auto begin = out_.size();
    add(separator);
    if (write(each))
      separator = ",";
    else
      out_.resize(begin);
  }
  add("]");
  add(description_of(from));
  add("}");
  return separator == ",";
}

bool api_form_writer::form_of_kinds(const dom::array& kinds, const object& from,
                                    std::size_t level) {
  return any_of(kinds, from, [&](element each) {
    std::string_view kind;
    if (each.get(kind) != simdjson::SUCCESS)
      return false;
    if (std::find(scalars.begin(), scalars.end(), kind) == scalars.end())
      return form_of_kind(kind, from, level);
    add(R"({"type":)" + json_text(kind) + "}");
    return true;
  });
}

/// The API takes no lists and objects there: false if there is one, or if there is nothing else.
bool api_form_writer::form_of_values(const object& from, bool only_scalars) {
  const auto begin = out_.size();
  std::string_view separator = R"({"enum":[)";
  const auto told = [&](element value) {
    if (!is_scalar(value))
      return !only_scalars;
    add(separator);
    add(simdjson::minify(value));
    separator = ",";
    return !failure_;
  };
  bool all = true;
  if (const auto value = at(from, "const")) {
    all = told(*value);
  } else if (const auto values = list_at(from, "enum")) {
    all = std::all_of(values->begin(), values->end(), told);
  }
  if (!all) {
    out_.resize(begin);
    return false;
  }
  if (separator != ",") {
    fail("it names lists or objects as values, but no 'type' with 'items' or 'properties'");
    return false;
  }
  add("]");
  add(description_of(from));
  add("}");
  return true;
}

bool api_form_writer::form_of_alternatives(const dom::array& of, const object& from,
                                           std::size_t level) {
  return any_of(of, from, [&](element each) { return form_of(each, level); });
}

bool api_form_writer::form_of_items(const object& from, std::size_t level) {
  auto first = list_at(from, "prefixItems");
  if (!first)
    first = list_at(from, "items");
  if (!first) {
    if (const auto items = at(from, "items"))
      return form_of(*items, level);
    return form_of_anything();
  }
  std::vector<placed> parts;
  for (const auto each : *first)
    parts.emplace_back(std::string{}, each);
  return form_of_any(parts, level);
}

bool api_form_writer::form_of_any(const std::vector<placed>& parts, std::size_t level) {
  const auto start = out_.size();
  std::set<std::string> forms;
  for (const auto& [where, each] : parts) {
    const auto begin = out_.size();
    const auto size = path_.size();
    path_ += where;
    add(forms.empty() ? R"({"anyOf":[)" : ",");
    const auto one = out_.size();
    if (!form_of(each, level) || !forms.insert(out_.substr(one)).second)
      out_.resize(begin);
    if (failure_)
      return false;
    path_.resize(size);
  }
  if (forms.size() == 1) {
    out_.resize(start);
    add(*forms.begin());
  } else {
    add("]}");
  }
  return !forms.empty();
}

bool api_form_writer::form_of_array(const object& from, std::size_t level) {
  double least = 0;
  if (const auto value = at(from, "minItems"); value && value->get(least) != simdjson::SUCCESS)
    least = 0;
  add(R"({"type":"array","items":)");
  const auto begin = out_.size();
  const auto size = path_.size();
  path_ += ".items";
  const bool possible = form_of_items(from, level);
  if (failure_)
    return false;
  path_.resize(size);
  if (!possible) {
    if (least >= 1)
      return false;
    out_.resize(begin);
    add(R"({"type":"null"})"); // an empty list, but there is no word for that
  }
  if (least >= 1)
    add(R"(,"minItems":1)");
  add(description_of(from));
  add("}");
  return true;
}

} // namespace ccapi::structured
