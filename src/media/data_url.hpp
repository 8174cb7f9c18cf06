#pragma once
// data_url: the parts of a data: URL. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

namespace ccapi::media {

struct data_url {
  std::string type;     ///< in lower case; may be empty
  std::string encoding; ///< the last parameter, in lower case; may be empty
  std::string_view data;
};

/// "data:", in any case, stands ahead.
bool is_data_url(std::string_view url);

/// As RFC 2397 has it; all empty if the head is no head. Nothing: another kind of URL.
std::optional<data_url> split_data_url(std::string_view url);

} // namespace ccapi::media
