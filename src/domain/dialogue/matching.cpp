#include "domain/dialogue/matching.hpp"

namespace ccapi::domain {

namespace {

match_choice continued(const match_candidates& found) noexcept {
  if (found.one_rests_there)
    return {.conversation = match_candidate::rests_there};
  if (!found.last || found.last->named || found.last->has_mail)
    return {};
  // Nobody else can have gone on from there: it merely lost its process.
  if (!found.last->in_use && found.last->ends_there)
    return {.conversation = match_candidate::last};
  // A branch. Its process knows the way to the fork, and can be led back to it.
  if (found.last->has_idle_process)
    return {.donor = match_candidate::last};
  return {};
}

match_choice begun(const match_candidates& found) noexcept {
  if (!found.reuse)
    return {};
  match_choice choice{.allow_full_rewind = true};
  // At the root rests one whose only turn failed, or was left by its client, and is undone already.
  if (found.one_rests_there)
    choice.donor = match_candidate::rests_there;
  else if (found.one_turn_rests)
    choice.donor = match_candidate::one_turn;
  return choice;
}

} // namespace

match_choice choose_match(const match_candidates& found) noexcept {
  return found.known_messages > 0 ? continued(found) : begun(found);
}

} // namespace ccapi::domain
