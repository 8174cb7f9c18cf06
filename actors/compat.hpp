#pragma once
// The CAF 0.17 dialect in one place: what a later CAF spells differently is spelled here only.

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/replies_to.hpp>
#include <caf/result.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace ccapi::actors {

/// A message without an answer.
template <class... Ts>
using takes = caf::reacts_to<Ts...>;

/// A request: answers<Reply>::to<Message>.
template <class Reply>
struct answers {
  template <class... Ts>
  using to = typename caf::replies_to<Ts...>::template with<Reply>;
};

} // namespace ccapi::actors
