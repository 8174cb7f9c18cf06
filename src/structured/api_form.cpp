#include "structured/api_form.hpp"

#include "json/writer.hpp"
#include "structured/api_form_writer.hpp"
#include "structured/schema_fields.hpp"

#include <algorithm>
#include <array>

namespace ccapi::structured {

namespace dom = simdjson::dom;

namespace {

/// Of the form as a whole, references counted once.
constexpr std::size_t parts_max = 20'000;

constexpr std::array<std::string_view, 4> scalars{"string", "number", "boolean", "null"};

std::string of_type(std::string_view type, const dom::object& from) {
  return R"({"type":)" + json_text(type) + description_of(from) + "}";
}

/// Any value that is no object and no array.
std::string any_scalar(const std::string& description = {}) {
  return R"({"anyOf":[{"type":"string"},{"type":"number"},{"type":"boolean"},{"type":"null"}])"
         + description + "}";
}

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

domain::result<std::string> api_form_of(const schema& wanted, const std::string& path) {
  return api_form_writer{wanted.source(), path}.run();
}

domain::result<std::string> api_form_writer::run() {
  dom::object from;
  auto source = root_;
  std::size_t hops = 0;
  // The API wants to see an object there, and no reference to one.
  for (std::string_view ref; source.get(from) == simdjson::SUCCESS
                             && !(ref = text_at(from, "$ref")).empty() && hops < hops_max;
       ++hops) {
    const auto target = follow(root_, ref);
    if (!target)
      break;
    source = *target;
  }
  if (source.get(from) != simdjson::SUCCESS || !is_object_like(from))
    fail("the root of the schema must be an object (\"type\": \"object\")");
  form text;
  if (!failure_)
    text = form_of_object(from, 0);
  if (!failure_ && !text)
    fail("no value can ever be complete");
  if (failure_)
    return *std::move(failure_);
  if (definitions_.empty())
    return *std::move(text);
  text->back() = ',';
  text->append(R"("$defs":)");
  char separator = '{';
  for (const auto& [name, definition] : definitions_) {
    text->append(1, separator).append(json_text(name)).append(":").append(definition);
    separator = ',';
  }
  return text->append("}}");
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

api_form_writer::form api_form_writer::form_of(element source, std::size_t level) {
  if (++parts_ > parts_max)
    fail("it has too many parts");
  if (failure_)
    return std::nullopt;
  bool anything = false;
  dom::object from;
  if (source.get(anything) == simdjson::SUCCESS)
    return anything ? form{any_scalar()} : std::nullopt;
  if (source.get(from) != simdjson::SUCCESS)
    return std::nullopt;
  if (const auto ref = text_at(from, "$ref"); !ref.empty())
    return form_of_ref(ref, level);
  if (at(from, "const") || at(from, "enum"))
    if (auto values = form_of_values(from))
      return values;
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
  return any_scalar(description_of(from));
}

api_form_writer::form api_form_writer::form_of_kind(std::string_view kind, const object& from,
                                                    std::size_t level) {
  if (kind == "object")
    return form_of_object(from, level);
  if (kind == "array")
    return form_of_array(from, level);
  return of_type(kind, from);
}

api_form_writer::form api_form_writer::form_of_kinds(const dom::array& kinds, const object& from,
                                                     std::size_t level) {
  std::string text{R"({"anyOf":)"};
  char separator = '[';
  for (const auto each : kinds) {
    std::string_view kind;
    if (each.get(kind) != simdjson::SUCCESS)
      continue;
    const auto alternative =
      std::find(scalars.begin(), scalars.end(), kind) != scalars.end() || kind == "integer"
        ? form{R"({"type":)" + json_text(kind) + "}"}
        : form_of_kind(kind, from, level);
    if (!alternative)
      continue;
    text.append(1, separator).append(*alternative);
    separator = ',';
  }
  if (separator == '[')
    return std::nullopt;
  return text.append("]").append(description_of(from)).append("}");
}

/// Nothing where there are others than the API takes: lists and objects.
api_form_writer::form api_form_writer::form_of_values(const object& from) {
  std::string text{R"({"enum":)"};
  char separator = '[';
  const auto add = [&](element value) {
    text.append(1, separator).append(simdjson::minify(value));
    separator = ',';
    return is_scalar(value);
  };
  if (const auto value = at(from, "const")) {
    if (!add(*value))
      return std::nullopt;
  } else if (const auto values = list_at(from, "enum")) {
    for (const auto each : *values)
      if (!add(each))
        return std::nullopt;
  }
  return text.append("]").append(description_of(from)).append("}");
}

api_form_writer::form api_form_writer::form_of_alternatives(const dom::array& of,
                                                            const object& from, std::size_t level) {
  std::string text{R"({"anyOf":)"};
  char separator = '[';
  for (const auto each : of) {
    const auto alternative = form_of(each, level);
    if (!alternative)
      continue;
    text.append(1, separator).append(*alternative);
    separator = ',';
  }
  if (separator == '[')
    return std::nullopt;
  return text.append("]").append(description_of(from)).append("}");
}

api_form_writer::form api_form_writer::form_of_items(const object& from, std::size_t level) {
  auto first = list_at(from, "prefixItems");
  if (!first)
    first = list_at(from, "items");
  if (!first) {
    const auto items = at(from, "items");
    return items ? form_of(*items, level) : form{any_scalar()};
  }
  std::vector<std::string> forms;
  for (const auto each : *first)
    if (auto one = form_of(each, level);
        one && std::find(forms.begin(), forms.end(), *one) == forms.end())
      forms.push_back(*std::move(one));
  if (forms.size() < 2)
    return forms.empty() ? std::nullopt : form{forms.front()};
  std::string text{R"({"anyOf":)"};
  char separator = '[';
  for (const auto& each : forms) {
    text.append(1, separator).append(each);
    separator = ',';
  }
  return text.append("]}");
}

api_form_writer::form api_form_writer::form_of_array(const object& from, std::size_t level) {
  double least = 0;
  if (const auto value = at(from, "minItems"); value && value->get(least) != simdjson::SUCCESS)
    least = 0;
  const auto size = path_.size();
  path_ += ".items";
  auto items = form_of_items(from, level);
  path_.resize(size);
  if (!items) {
    if (failure_ || least >= 1)
      return std::nullopt;
    items = R"({"type":"null"})"; // an empty list, but there is no word for that
  }
  auto text = R"({"type":"array","items":)" + *items;
  if (least >= 1)
    text += R"(,"minItems":1)";
  return text + description_of(from) + "}";
}

} // namespace ccapi::structured
