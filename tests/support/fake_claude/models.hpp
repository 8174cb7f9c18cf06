#pragma once
// models: what the CLI makes of the names of models.

#include <string>
#include <string_view>

namespace fake_claude {

/// What an alias becomes, per version; other names stay as they are.
std::string resolved_model(std::string_view model, bool newer);

/// As requests name it: without the mark of a large window.
std::string_view model_upstream(std::string_view model) noexcept;

} // namespace fake_claude
