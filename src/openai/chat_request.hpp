#pragma once
// Parses the body of POST /v1/chat/completions. Lenient in shape, strict in meaning: nothing that
// would change the answer is dropped silently.

#include "domain/chat_request.hpp"
#include "domain/model_catalog.hpp"
#include "domain/result.hpp"
#include "json/padded_text.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ccapi::json {
class reader;
}

namespace ccapi::openai {

/// The defaults are those of config::limits_settings.
struct parse_limits {
  std::uint32_t json_depth_max = 64;
  std::uint32_t json_values_max = 100'000;
  std::uint32_t messages_max = 2000;
};

struct parsed_chat {
  domain::chat_request request; ///< request_id and tenant are left empty
  bool stream = false;
  bool include_usage = false;  ///< stream_options.include_usage
  std::string requested_model; ///< as the client wrote it; empty if absent. At most 128 bytes
  /// Parameters without effect, e.g. "seed" or "temperature(clamped)"; safe in a header.
  std::vector<std::string> ignored_params;
  /// What was asked for in a way that had to be changed, e.g. "messages(continued)"; safe in a
  /// header.
  std::vector<std::string> adjusted;
};

/// Not thread-safe: one per I/O thread, reused. The catalog must outlive it.
class chat_request_parser {
public:
  chat_request_parser(parse_limits limits, const domain::model_catalog& models);
  ~chat_request_parser();
  chat_request_parser(chat_request_parser&&) noexcept;
  chat_request_parser& operator=(chat_request_parser&&) noexcept;

  /// The result doesn't refer to the body.
  /// Fails with: invalid_request, unsupported_parameter, model_not_found, request_too_large;
  /// `param` is the path of the offending field, empty if the body is no JSON object at all.
  domain::result<parsed_chat> parse(json::padded_text body);

private:
  domain::result<parsed_chat> parse_document(json::padded_text body);

  parse_limits limits_;
  const domain::model_catalog* models_;
  std::unique_ptr<json::reader> reader_;
};

} // namespace ccapi::openai
