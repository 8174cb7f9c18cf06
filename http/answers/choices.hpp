#pragma once
// choices: an answer of several choices, each made by a turn of its own.

#include "dialect/answer_encoder.hpp"
#include "domain/turn/chat_request.hpp"
#include "http/access/key_ring.hpp"
#include "http/answers/chat_plan.hpp"
#include "http/answers/exchange.hpp"

#include <memory>
#include <vector>

namespace ccapi::http {

/// What the turns share. `plan` is without its encoder.
struct choices_plan {
  chat_plan plan;
  std::unique_ptr<dialect::choices_encoder> encoder; ///< not null
  /// Of the turns behind the first, whose place is the plan's.
  std::vector<key_usage::turn_place> places{};
};

/// Submits the turn once per choice. The first is the request as it is: the answer's head tells its
/// conversation and match, as far as they are known by then; of another one the match, if that
/// alone has a process. The others belong to no named conversation. If one fails, the answer fails,
/// and the rest is cancelled.
void submit_choices(exchange& client, choices_plan wanted, domain::chat_request&& turn,
                    bool stream);

} // namespace ccapi::http
