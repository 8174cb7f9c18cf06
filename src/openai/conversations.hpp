#pragma once
// The bodies of /v1/conversations. Shape: that of the API which this gateway is compatible with;
// where OpenAI's own has more (`object`, `deleted`), that is there, too.

#include "dialect/parsed_turn.hpp"
#include "domain/result.hpp"
#include "domain/turn/gateway.hpp"
#include "json/padded_text.hpp"

#include <string>
#include <string_view>

namespace ccapi::json {
class reader;
}

namespace ccapi::openai {

/// Parses the body of POST /v1/conversations; an empty one asks for nothing.
/// Fails with invalid_request, unsupported_parameter, model_not_found, request_too_large; `param`
/// names the field. Pure.
domain::result<domain::new_conversation>
parse_new_conversation(json::reader& reader, json::padded_text body,
                       const dialect::parse_context& context);

/// Parses the body of POST /v1/conversations/{id}: `metadata` takes the place of what the
/// conversation has. Fails with invalid_request, request_too_large. Pure.
domain::result<domain::conversation_labels>
parse_conversation_labels(json::reader& reader, json::padded_text body,
                          const dialect::parse_context& context);

/// {id, object, created_at, updated_at, message_count, metadata}. The client's own labels stand in
/// `metadata` behind the gateway's four members. Pure.
std::string conversation_body(const domain::conversation_info& what);

/// {conversations: [{id, updated_at}], has_more}. Pure.
std::string conversation_list_body(const domain::conversation_page& page);

/// {id, object, deleted}. Pure.
std::string conversation_deleted_body(std::string_view id);

/// "2026-11-25T22:33:24.123Z". Pure.
std::string rfc3339(domain::wall_time when);

} // namespace ccapi::openai
