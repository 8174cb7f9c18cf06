#include "domain/model_catalog.hpp"

#include "domain/ids.hpp"

#include <algorithm>

namespace ccapi::domain {

namespace {

/// '*' matches any run, '?' one character. Linear with one point to fall back to.
bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

bool is_glob(std::string_view pattern) noexcept {
  return pattern.find_first_of("*?") != std::string_view::npos;
}

bool is_cli_alias(std::string_view name) noexcept {
  constexpr std::string_view long_context = "[1m]";
  if (name.ends_with(long_context))
    name.remove_suffix(long_context.size());
  return name == "opus" || name == "sonnet" || name == "haiku";
}

} // namespace

model_catalog::model_catalog(std::string default_model, std::vector<alias> aliases,
                             std::vector<std::string> listed)
  : default_model_{std::move(default_model)},
    listed_{std::move(listed)} {
  for (auto& entry : aliases)
    (is_glob(entry.first) ? globs_ : exact_).push_back(std::move(entry));
}

result<std::string> model_catalog::resolve(std::string_view requested) const {
  std::string name{requested};
  if (!name.empty() && name != "default") {
    const auto exact = std::find_if(exact_.begin(), exact_.end(),
                                    [&](const alias& entry) { return entry.first == name; });
    if (exact != exact_.end()) {
      name = exact->second;
    } else {
      const auto glob = std::find_if(globs_.begin(), globs_.end(), [&](const alias& entry) {
        return matches(entry.first, name);
      });
      if (glob != globs_.end())
        name = glob->second;
    }
  }
  if (name.empty() || name == "default")
    name = default_model_;
  const bool known =
    is_listed(name) || is_cli_alias(name) || name.starts_with("claude-") || name == default_model_;
  if (!known || !is_safe_argument(name))
    return error{.code = error_code::model_not_found,
                 .message = "The model does not exist here. GET /v1/models lists names; "
                            "claude-* names and the aliases opus, sonnet and haiku work, too.",
                 .param = "model",
                 .retry_useful = false};
  return name;
}

bool model_catalog::is_listed(std::string_view name) const noexcept {
  return std::find(listed_.begin(), listed_.end(), name) != listed_.end();
}

} // namespace ccapi::domain
