#pragma once
// A dialect as small as one can be: proves that the server needs nothing else of one.

#include "dialect/protocol.hpp"

namespace ccapi::http::test {

/// Asks by {"say": text, "live": whether to stream}, gets {"said": text} or events of one word and
/// a text. Failures are {"sorry": message}. Has neither models nor conversations.
extern const dialect::protocol toy_protocol;

} // namespace ccapi::http::test
