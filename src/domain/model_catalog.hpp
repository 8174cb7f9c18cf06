#pragma once
// Which model names are accepted and what they become. Pure.

#include "domain/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::domain {

/// Resolves a client's model name. Order: exact alias, glob alias ('*' any run, '?' one character;
/// first match wins), listed names, the CLI's own aliases (opus, sonnet, haiku) with or without a
/// [1m] suffix, claude-*; all else fails with model_not_found. Absent and "default" are the
/// default model. A result always matches [A-Za-z0-9][A-Za-z0-9._:@/\[\]-]{0,127}, so that it is
/// safe in argv.
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
  std::string default_model_;
  std::vector<alias> exact_;
  std::vector<alias> globs_;
  std::vector<std::string> listed_;
};

} // namespace ccapi::domain
