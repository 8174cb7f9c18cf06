#include "json/call_arguments.hpp"

#include "domain/blank.hpp"
#include "json/canonical.hpp"
#include "json/writer.hpp"

#include <utility>

namespace ccapi::json {

namespace {

/// Half of a character, which the API refuses, may be escaped in it.
bool may_escape_surrogates(std::string_view text) noexcept {
  return text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
}

} // namespace

call_arguments read_call_arguments(std::string_view written) {
  if (domain::is_blank(written) || written == "null")
    return {.text = "{}", .canonical = {}};
  auto value = canonical(written);
  if (!value || !value->starts_with('{')) {
    call_arguments wrapped{
      .text = R"({"unreadable_arguments":)", .canonical = {}, .readable = false};
    append_string(wrapped.text, written);
    wrapped.text += '}';
    return wrapped;
  }
  if (may_escape_surrogates(written) || *value == written)
    return {.text = *std::move(value), .canonical = {}};
  return {.text = std::string{written}, .canonical = *std::move(value)};
}

} // namespace ccapi::json
