#pragma once
// OpenAI's API as the server sees it.

#include "dialect/protocol.hpp"

namespace ccapi::openai {

extern const dialect::protocol protocol;

} // namespace ccapi::openai
