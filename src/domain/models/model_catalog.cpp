#include "domain/models/model_catalog.hpp"

#include "domain/ids.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

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

std::string lower(std::string_view name) {
  std::string copy{name};
  std::transform(copy.begin(), copy.end(), copy.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return copy;
}

/// Some clients put the provider that they take this server for in front.
std::string_view without_provider(std::string_view lower_name) noexcept {
  for (const std::string_view provider : {"openai/", "anthropic/"})
    if (lower_name.starts_with(provider) && lower_name.size() > provider.size())
      return lower_name.substr(provider.size());
  return lower_name;
}

/// How many characters have to be changed, added or left out.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

} // namespace

std::string quoted_model_name(std::string_view name) {
  constexpr std::size_t shown_max = 64;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text{"'"};
  for (const char c : name.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\'' && c != '\\')
      text += c;
    else
      text.append("\\x").append(1, hex[byte >> 4U]).append(1, hex[byte & 0xfU]);
  }
  return text += name.size() > shown_max ? "...'" : "'";
}

model_catalog::model_catalog(std::string default_model, std::vector<alias> aliases,
                             std::vector<std::string> listed)
  : default_model_{std::move(default_model)},
    listed_{std::move(listed)} {
  for (auto& entry : aliases)
    (is_glob(entry.first) ? globs_ : exact_).push_back(std::move(entry));
}

result<std::string> model_catalog::resolve(std::string_view requested) const {
  if (auto known = resolve_exactly(requested))
    return *std::move(known);
  const auto plain = lower(requested);
  if (auto known = resolve_exactly(plain))
    return *std::move(known);
  if (auto known = resolve_exactly(without_provider(plain)))
    return *std::move(known);
  return unknown(requested, without_provider(plain));
}

std::optional<std::string> model_catalog::resolve_exactly(std::string_view requested) const {
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
  return known && is_safe_argument(name) ? std::optional{std::move(name)} : std::nullopt;
}

error model_catalog::unknown(std::string_view requested, std::string_view plain) const {
  auto message = "The model " + quoted_model_name(requested) + " does not exist here.";
  if (const auto near = nearest(plain); !near.empty())
    message.append(" Did you mean ").append(quoted_model_name(near)).append("?");
  message += " GET /v1/models lists names; claude-* names and the aliases opus, sonnet and haiku "
             "work, too.";
  return {.code = error_code::model_not_found,
          .message = std::move(message),
          .param = "model",
          .retry_useful = false};
}

std::string_view model_catalog::nearest(std::string_view plain) const {
  constexpr std::size_t compared_max = 64;
  constexpr std::size_t names_max = 256;
  std::vector<std::string_view> names{"sonnet", "opus", "haiku", default_model_};
  names.insert(names.end(), listed_.begin(), listed_.end());
  for (const auto& entry : exact_)
    names.push_back(entry.first);
  names.resize(std::min(names.size(), names_max));
  std::string_view best;
  auto least = std::max<std::size_t>(2, plain.size() / 3) + 1;
  if (plain.size() > compared_max)
    return best;
  for (const auto name : names) {
    if (name.size() > compared_max)
      continue;
    if (const auto changes = distance(plain, lower(name)); changes > 0 && changes < least) {
      least = changes;
      best = name;
    }
  }
  return best;
}

bool model_catalog::is_listed(std::string_view name) const noexcept {
  return std::find(listed_.begin(), listed_.end(), name) != listed_.end();
}

} // namespace ccapi::domain
