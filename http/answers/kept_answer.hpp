#pragma once
// kept_answer: a request answered from the cache, by the same writers as a turn.

#include "domain/turn/cached_answer.hpp"
#include "http/answers/chat_plan.hpp"
#include "http/answers/exchange.hpp"

#include <memory>

namespace ccapi::http {

/// With an id and a time of its own, and no conversation. Never null. A stream is written as its
/// client takes it.
void reply_kept(exchange& client, chat_plan plan, std::shared_ptr<const domain::cached_answer> said,
                bool stream);

} // namespace ccapi::http
