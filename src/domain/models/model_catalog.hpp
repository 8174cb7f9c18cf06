#pragma once
// Which model names are accepted and what they become. Pure.

#include "domain/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::domain {

/// For messages: in quotes, visible ASCII as it is and all else as \xNN, at most 64 bytes of it.
std::string quoted_model_name(std::string_view name);

/// Resolves a client's model name. Order: exact alias, glob alias ('*' any run, '?' one character;
/// first match wins), listed names, the CLI's own aliases (opus, sonnet, haiku) with or without a
/// [1m] suffix, claude-*; then the same for the name in lower case, and without "openai/" or
/// "anthropic/" in front. All else fails with model_not_found, which quotes the name and the
/// nearest known one. Absent and "default" are the default model. A result always matches
/// [A-Za-z0-9][A-Za-z0-9._:@/\[\]-]{0,127}, so that it is safe in argv.
class model_catalog {
public:
  using alias = std::pair<std::string, std::string>; ///< pattern, name

  model_catalog(std::string default_model, std::vector<alias> aliases,
                std::vector<std::string> listed);

  [[nodiscard]] result<std::string> resolve(std::string_view requested) const;

  /// Names that GET /v1/models shows, in the configured order.
  [[nodiscard]] const std::vector<std::string>& listed() const noexcept { return listed_; }
  /// True for a name that GET /v1/models/{id} answers.
  [[nodiscard]] bool is_listed(std::string_view name) const noexcept;

private:
  [[nodiscard]] std::optional<std::string> resolve_exactly(std::string_view requested) const;
  /// `plain`: the name in lower case, without a provider.
  [[nodiscard]] error unknown(std::string_view requested, std::string_view plain) const;
  /// Empty: none is near.
  [[nodiscard]] std::string_view nearest(std::string_view plain) const;

  std::string default_model_;
  std::vector<alias> exact_;
  std::vector<alias> globs_;
  std::vector<std::string> listed_;
};

} // namespace ccapi::domain
