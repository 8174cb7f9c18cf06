#pragma once
// answer_once: what a request's Idempotency-Key makes of it.

#include "http/answers/exchange.hpp"
#include "http/endpoints.hpp"

namespace ccapi::http {

/// Has the handler answer the request. If it carries a key that was used before, it gets what the
/// handler answered then, or is answering.
void answer_once(exchange& client, handler handle);

} // namespace ccapi::http
