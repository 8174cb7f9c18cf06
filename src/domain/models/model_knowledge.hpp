#pragma once
// model_knowledge: what the running CLI and the API have told about models.

#include "domain/models/turn_settings.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// Shared by all I/O threads; any thread. Holds for one version of the CLI: forget() when another
/// one takes its place.
class model_knowledge {
public:
  /// Names remembered, and models whose refusals are; further ones are not.
  static constexpr std::size_t entries_max = 64;

  struct known_model {
    std::string id; ///< what the asked name stands for, as far as it is known
    refused_parameters refused;
  };
  [[nodiscard]] known_model look_up(std::string_view asked) const;

  /// The CLI runs `id` for the name `asked`.
  void learn_name(std::string_view asked, std::string_view id);
  /// The API does not take this parameter for this model. False: nothing new.
  bool learn_refusal(std::string_view id, std::string_view parameter);
  void forget();

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> names_;
  std::map<std::string, refused_parameters, std::less<>> refused_;
};

} // namespace ccapi::domain
