#pragma once
// chat_plan: what a chat answer's two forms (streamed and whole) have in common.

#include "domain/gateway.hpp"
#include "http/key_ring.hpp"
#include "openai/answer.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::http {

struct chat_plan {
  std::string requested_model; ///< as the client wrote it; may be empty
  std::string resolved_model;  ///< what the CLI is asked for
  std::vector<std::string> ignored_params;
  bool echo_requested = false; ///< answers repeat requested_model
  bool include_usage = false;
  key_usage::turn_place place{}; ///< among the turns of the request's key

  /// What `model` says when `ran` answers; `ran` is empty while unknown.
  [[nodiscard]] std::string shown_model(std::string_view ran) const;
  /// The x-ccapi-* fields.
  [[nodiscard]] std::string headers(std::string_view ran, std::string_view conversation_id) const;
};

/// A new answer's id and time; the model is still unknown.
openai::answer_identity new_identity(const std::string& conversation_id);

/// Credit is given back in lots of this size, so that it costs few messages.
std::size_t credit_lot(std::size_t stream_buffer_bytes) noexcept;

} // namespace ccapi::http
