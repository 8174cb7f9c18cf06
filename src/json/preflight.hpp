#pragma once
// One pass over a JSON text before it is parsed: holds it to the limits while that costs no memory
// yet, and mends \u escapes of lone surrogates, which no UTF-8 string can hold.

#include "domain/result.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ccapi::json {

struct limits {
  std::size_t depth = 64;       ///< nested arrays and objects
  std::size_t values = 100'000; ///< scalars, arrays and objects; keys don't count
};

/// Rewrites lone surrogate escapes of `text` in place to \ufffd (clients cut strings in the middle
/// of an emoji), and numbers that the parser can't hold to ones that it can. Text that is no JSON
/// is left for the parser to refuse. Fails with: invalid_request (too deep, too many values, an
/// open string, a lone surrogate in a key). Pure; any thread.
domain::result<void> preflight(std::span<char> text, const limits& allowed);

/// " at byte N (line L, column C)", counted from 0 (byte) and 1 (line, column in bytes).
std::string describe_position(std::string_view text, std::size_t offset);

} // namespace ccapi::json
