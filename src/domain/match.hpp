#pragma once
// What became of a request's history: the word that clients see in x-ccapi-match.

#include <cstdint>
#include <string_view>

namespace ccapi::domain {

enum class match_outcome : std::uint8_t {
  fresh,     ///< there was none
  seeded,    ///< a new process was told all of it
  branched,  ///< it leaves a known dialogue; a new process was told all of it
  rewound,   ///< a live process took back what differs
  continued, ///< a live process knew all of it, but for what is new
};
inline constexpr std::size_t match_outcome_count = 5;

/// The name as above.
constexpr std::string_view to_string(match_outcome outcome) noexcept {
  switch (outcome) {
  case match_outcome::fresh:
    return "fresh";
  case match_outcome::seeded:
    return "seeded";
  case match_outcome::branched:
    return "branched";
  case match_outcome::rewound:
    return "rewound";
  case match_outcome::continued:
    return "continued";
  }
  return "fresh";
}

} // namespace ccapi::domain
