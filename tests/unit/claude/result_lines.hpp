#pragma once
// The last line of a turn that went wrong, as the CLI writes it.

#include "claude/message.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ccapi::claude {

inline result failed(std::optional<std::int64_t> status, std::string_view text) {
  result line;
  line.subtype = "success";
  line.is_error = true;
  line.api_error_status = status;
  line.text = text;
  return line;
}

} // namespace ccapi::claude
