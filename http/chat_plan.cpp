#include "http/chat_plan.hpp"

#include "domain/ids.hpp"
#include "http/response.hpp"

#include <algorithm>
#include <ctime>

namespace ccapi::http {

std::string chat_plan::shown_model(std::string_view ran) const {
  if (echo_requested && !requested_model.empty())
    return requested_model;
  return ran.empty() ? resolved_model : std::string{ran};
}

std::string chat_plan::headers(std::string_view ran, std::string_view conversation_id) const {
  std::string lines;
  append_header(lines, "x-ccapi-conversation-id", conversation_id);
  const auto mapped = ran.empty() ? std::string_view{resolved_model} : ran;
  if (mapped != requested_model)
    append_header(lines, "x-ccapi-mapped-model", mapped);
  std::string ignored;
  for (const auto& name : ignored_params)
    ignored.append(ignored.empty() ? "" : ", ").append(name);
  append_header(lines, "x-ccapi-ignored-params", ignored);
  return lines;
}

openai::answer_identity new_identity(const std::string& conversation_id) {
  return {.id = "chatcmpl-" + domain::random_hex_128(),
          .created = static_cast<std::int64_t>(std::time(nullptr)),
          .model = {},
          .conversation_id = conversation_id};
}

std::size_t credit_lot(std::size_t stream_buffer_bytes) noexcept {
  constexpr std::size_t usual = std::size_t{64} << 10;
  return std::max<std::size_t>(1, std::min(usual, stream_buffer_bytes / 4));
}

} // namespace ccapi::http
