#pragma once
// parsed_turn: what a dialect's parser makes of a request for an answer.

#include "dialect/answer_encoder.hpp"
#include "domain/models/model_catalog.hpp"
#include "domain/turn/chat_request.hpp"
#include "media/image.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ccapi::dialect {

/// What parsers keep to, beside the limits of their json::reader.
struct parse_context {
  const domain::model_catalog& models;
  std::size_t messages_max = 2000;                        ///< limits.messages_max
  std::size_t tools_max = 512;                            ///< limits.tools_max
  std::size_t tools_bytes_max = std::size_t{1} << 20;     ///< limits.tools_bytes_max
  std::size_t image_bytes_max = std::size_t{10} << 20;    ///< limits.image_bytes_max
  std::uint32_t image_pixels_max = 8000;                  ///< limits.image_pixels_max
  std::size_t images_max = 100;                           ///< limits.images_max
  std::size_t document_bytes_max = std::size_t{24} << 20; ///< limits.document_bytes_max
  std::size_t schema_bytes_max = std::size_t{256} << 10;  ///< limits.schema_bytes_max
  std::size_t choices_max = 4;                            ///< limits.choices_max
  bool usage_cost = false;                                ///< openai.usage_cost
  /// Those that an earlier parse of the body has named in `to_load`; null: there was none.
  const media::loaded_pictures* pictures = nullptr;
  /// Base64 of these, at all places together (limits.body_bytes_max).
  std::size_t pictures_bytes_max = std::size_t{32} << 20;
};

struct parsed_turn {
  domain::chat_request request; ///< request_id and tenant are left empty
  bool stream = false;
  std::string requested_model; ///< as the client wrote it; empty if absent. At most 128 bytes
  /// Parameters without effect, e.g. "seed" or "temperature(clamped)"; safe in a header.
  std::vector<std::string> ignored_params;
  /// What was asked for in a way that had to be changed, e.g. "messages(continued)"; safe in a
  /// header.
  std::vector<std::string> adjusted;
  std::size_t rescaled_images = 0; ///< pictures that the CLI makes smaller
  /// Names of pictures that have to be loaded, each once: then the body is to be parsed again, with
  /// them. Until then the request shows nothing in their places.
  std::vector<std::string> to_load{};
  std::unique_ptr<answer_encoder> encoder; ///< of the answer; knows what else was asked of it
  /// In place of `encoder`, if several choices are asked for; then `request` has all of the
  /// dialogue, so that others than a conversation that it names can answer it.
  std::unique_ptr<choices_encoder> choices{};
};

} // namespace ccapi::dialect
