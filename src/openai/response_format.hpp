#pragma once
// What the client wants the answer to be: its response_format.

#include "domain/turn/answer_format.hpp"
#include "json/field_reader.hpp"

#include <cstddef>
#include <memory>

namespace ccapi::openai {

/// Null: text. Fails (in `body`) with invalid_request and unsupported_parameter; `param` leads to
/// the schema's keyword if that is what is wrong.
std::shared_ptr<const domain::answer_format> read_response_format(json::field_reader& body,
                                                                  std::size_t schema_bytes_max);

} // namespace ccapi::openai
