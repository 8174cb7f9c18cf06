#pragma once
// Readers of the kinds of lines, by family; the decoder picks one. Internal to this room.

#include "claude/json_fields.hpp"
#include "claude/message.hpp"

#include <string>

namespace ccapi::claude {

token_counts read_usage(const json_fields& usage);

/// {"type":"system","subtype":...}
message read_system(const json_fields& line);

/// {"type":"stream_event","event":{...}}
message read_stream_event(const json_fields& line);

/// Every other type. `joined` keeps a text that stands in several blocks.
message read_plain(std::string_view type, const json_fields& line, std::string& joined);

} // namespace ccapi::claude
