#include "dialect/model_choice.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace ccapi::dialect {

namespace {

constexpr std::size_t model_name_max = 128;
constexpr std::string_view replacement_character = "\xef\xbf\xbd";

/// Names go into logs and back to the client, so a catch-all alias must not let anything through.
bool is_plausible_model_name(std::string_view name) noexcept {
  return name.size() <= model_name_max && name.find(replacement_character) == std::string_view::npos
         && std::none_of(name.begin(), name.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

} // namespace

model_choice read_model(json::field_reader& body, const domain::model_catalog& models) {
  model_choice choice;
  choice.requested = body.string("model").value_or("");
  if (body.failed())
    return choice;
  if (!is_plausible_model_name(choice.requested)) {
    body.fail({.code = domain::error_code::model_not_found,
               .message = "The model name " + domain::quoted_model_name(choice.requested)
                          + " is too long or holds characters that no name has.",
               .param = "model",
               .retry_useful = false});
    return choice;
  }
  auto resolved = models.resolve(choice.requested);
  if (resolved)
    choice.resolved = *std::move(resolved);
  else
    body.fail(std::move(resolved).error());
  return choice;
}

} // namespace ccapi::dialect
