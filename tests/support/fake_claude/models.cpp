#include "models.hpp"

namespace fake_claude {

namespace {

/// Ends a name whose large window is wanted; the API does not see it.
constexpr std::string_view million = "[1m]";

} // namespace

std::string resolved_model(std::string_view model, bool newer) {
  if (model.ends_with(million))
    return resolved_model(model_upstream(model), newer) + std::string{million};
  if (model == "opus")
    return newer ? "claude-opus-5-5" : "claude-opus-4-8";
  if (model == "sonnet")
    return newer ? "claude-sonnet-5-5" : "claude-sonnet-5";
  if (model == "haiku")
    return newer ? "claude-haiku-5-5" : "claude-haiku-4-5-20251001";
  return std::string{model};
}

std::string_view model_upstream(std::string_view model) noexcept {
  if (model.ends_with(million))
    model.remove_suffix(million.size());
  return model;
}

} // namespace fake_claude
