#pragma once
// The parts of one message in a chat request: who speaks, texts, pictures in results.

#include "dialect/parsed_turn.hpp"
#include "domain/content.hpp"
#include "json/field_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {

enum class speaker : std::uint8_t { system, user, assistant, tool, function };

// All fail in `message`, with the path of the field.

/// Nothing on failure.
std::optional<speaker> read_role(json::field_reader& message);

/// What a message or a result shows, beside what it says.
struct shown_images {
  std::size_t count = 0;              ///< documents included
  std::size_t rescaled = 0;           ///< that the CLI makes smaller
  std::vector<std::string> to_load{}; ///< each once; as many as images_max, at most
  std::size_t loaded_bytes = 0;       ///< base64 of those that are only named, at all places
};

/// What a user says and shows; blank texts are left out.
std::vector<domain::block> read_blocks(json::field_reader& message,
                                       const dialect::parse_context& context, shown_images& shown);

/// The texts of a message's content; of several parts, those that count.
std::vector<std::string> read_content(json::field_reader& message, speaker who);

/// What a tool's result consists of; blank texts are left out. A content that is neither text nor
/// parts is JSON.
std::vector<domain::tool_result_block::part> read_result(json::field_reader& message,
                                                         const dialect::parse_context& context,
                                                         shown_images& shown);

std::string join(std::vector<std::string> pieces, std::string_view separator);

} // namespace ccapi::openai
