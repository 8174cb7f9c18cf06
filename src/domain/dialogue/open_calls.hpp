#pragma once
// open_calls: the results that new messages of a named conversation bring, or owe, to the calls
// that its dialogue ends with. Pure.

#include "domain/dialogue/prefix_index.hpp"
#include "domain/result.hpp"

#include <vector>

namespace ccapi::domain {

/// Puts the results that `messages` begin with into the order of the calls at the end of `head`. A
/// message without any tells each call that it was not answered. Results behind no call become
/// text: true then. Fails with: invalid_request, naming the calls, where some are missing, or
/// belong to no call; unsupported_parameter where pictures would have to become text. `messages`:
/// not empty.
result<bool> settle_open_calls(const dialogue& head, std::vector<message>& messages);

} // namespace ccapi::domain
