#pragma once
// The CLI's own list of models: how to ask for it, and what it says.

#include "claude/capabilities.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ccapi::claude {

struct listed_model {
  std::string name; ///< as --model takes it: "sonnet", "opus[1m]"
  std::string id;   ///< what it stands for: "claude-sonnet-5-5"
};

/// Input for a process that ends behind it: it asks for the list and nothing else, needs no login
/// and calls no API (measured on 2.1.197 to 2.1.332).
std::string model_list_request(const version& cli);

/// What the process wrote. Empty if there is no list in it; entries without both names, and names
/// that are not safe in argv, are left out.
std::vector<listed_model> read_model_list(std::string_view output);

} // namespace ccapi::claude
