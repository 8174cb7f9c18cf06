#include "openai/response_format.hpp"

#include "structured/json_formats.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace ccapi::openai {

namespace {

using json::field_reader;
using format_pointer = std::shared_ptr<const domain::answer_format>;

/// The name is OpenAI's demand; nothing here needs it.
bool is_valid_name(std::string_view name) noexcept {
  constexpr std::size_t name_max = 64;
  return !name.empty() && name.size() <= name_max
         && std::all_of(name.begin(), name.end(), [](char each) {
              return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z')
                     || (each >= '0' && each <= '9') || each == '_' || each == '-';
            });
}

format_pointer read_schema(field_reader& form, std::size_t bytes_max) {
  const auto name = form.required_string("name");
  if (name && !is_valid_name(*name))
    form.fail_value(form.path_of("name"), "must be 1 to 64 characters of a-z, A-Z, 0-9, '_', '-'");
  static_cast<void>(form.string("description"));
  static_cast<void>(form.boolean("strict")); // answers are held to the schema in any case
  const auto schema = form.object("schema");
  if (!schema) {
    form.fail_missing(form.path_of("schema"));
    return nullptr;
  }
  auto text = simdjson::minify(*schema);
  if (text.size() > bytes_max) {
    form.fail_value(form.path_of("schema"),
                    "must not be longer than " + std::to_string(bytes_max) + " bytes");
    return nullptr;
  }
  auto format = structured::of_schema(std::move(text), form.path_of("schema"));
  if (format)
    return *std::move(format);
  form.fail(std::move(format).error());
  return nullptr;
}

} // namespace

format_pointer read_response_format(field_reader& body, std::size_t schema_bytes_max) {
  const auto object = body.object("response_format");
  if (!object)
    return nullptr;
  field_reader form{*object, body.path_of("response_format")};
  format_pointer format;
  const auto type = form.required_string("type");
  if (type == "json_object") {
    format = structured::any_object();
  } else if (type == "json_schema") {
    if (const auto details = form.object("json_schema")) {
      field_reader inner{*details, form.path_of("json_schema")};
      format = read_schema(inner, schema_bytes_max);
      if (inner.failed())
        form.fail(inner.take_failure());
    } else {
      form.fail_missing(form.path_of("json_schema"));
    }
  } else if (type && *type != "text") {
    form.fail_value(form.path_of("type"), "must be one of text, json_object, json_schema");
  }
  if (form.failed())
    body.fail(form.take_failure());
  return format;
}

} // namespace ccapi::openai
