#pragma once
// protocol: all that the server knows of a dialect. Each API has one constant of it.

#include "dialect/parsed_turn.hpp"
#include "dialect/public_error.hpp"
#include "domain/result.hpp"
#include "domain/turn/gateway.hpp"
#include "json/padded_text.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace ccapi::json {
class reader;
}

namespace ccapi::dialect {

/// Reads a body. The result doesn't refer to it. Fails with: invalid_request,
/// unsupported_parameter, model_not_found, request_too_large; `param` is the path of the offending
/// field.
template <class Parsed>
using parser = domain::result<Parsed> (*)(json::reader& reader, json::padded_text body,
                                          const parse_context& context);

/// The bodies of answers about models.
struct model_format {
  std::string (*list)(const domain::model_catalog& models);
  std::string (*one)(std::string_view name);
};

/// The bodies of requests and answers about conversations.
struct conversation_format {
  parser<domain::new_conversation> parse; ///< an empty body asks for nothing
  parser<domain::conversation_labels> parse_labels;
  std::string (*one)(const domain::conversation_info& what);
  std::string (*list)(const domain::conversation_page& page);
  std::string (*deleted)(std::string_view id);
};

/// Header fields that belong to the dialect, for what browsers are told about web pages (CORS).
/// Names are in lower case.
struct header_fields {
  /// How the names of request fields begin that its clients send.
  std::span<const std::string_view> asked_families{};
  /// The fields that append_headers writes, separated by ", ".
  std::string_view answered{};
};

/// Functions without state. A dialect without models or conversations leaves them out; no endpoint
/// may then ask for them in it.
struct protocol {
  parser<parsed_turn> parse{}; ///< gives an encoder, too
  /// The JSON body of a refusal or a failure.
  std::string (*error)(const public_error& what) = nullptr;
  /// Appends header fields of every answer, complete lines. `processing`: from the request's head
  /// to the answer's.
  void (*append_headers)(std::string& lines, std::chrono::milliseconds processing) = nullptr;
  header_fields headers{};
  model_format models{};
  conversation_format conversations{};
};

} // namespace ccapi::dialect
