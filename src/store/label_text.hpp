#pragma once
// label_text: a conversation's labels as JSON text and back, in their order. Pure.

#include "domain/result.hpp"
#include "domain/turn/conversation_info.hpp"

#include <simdjson.h>

#include <string>

namespace ccapi::store {

/// Appends an array of pairs: [["key","value"]].
void append_labels(std::string& out, const domain::conversation_labels& labels);

/// Fails with: invalid_request.
domain::result<domain::conversation_labels> read_labels(const simdjson::dom::element& array);
/// The same from text, which gets spare capacity.
domain::result<domain::conversation_labels> read_labels(std::string& text);

} // namespace ccapi::store
