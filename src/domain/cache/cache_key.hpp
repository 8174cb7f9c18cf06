#pragma once
// cache_key: which requests may be answered by what another one got, and when two are equal. Pure.

#include "domain/hash128.hpp"
#include "domain/models/turn_settings.hpp"
#include "domain/turn/chat_request.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// What decides about an answer beside the request.
struct cache_context {
  std::string_view default_system_prompt;
  std::string_view cli_version;
  thinking_default unasked = thinking_default::as_cli;
  refused_parameters refused{}; ///< by the model, as far as it has been learnt
};

/// The request asks for equal answers: by a temperature of 0 or a seed. Tools would have effects of
/// their own.
bool wants_equal_answers(const chat_request& request) noexcept;

/// The request has all that its answer depends on, and takes what others take. `any`: also if it
/// does not ask for equal answers.
bool may_be_cached(const chat_request& request, bool any) noexcept;

/// Appends what tells the request from others: each field as the client wished it, ahead of what
/// its model takes, behind its length or number. Two requests give the same bytes only if all
/// fields are equal; left out is what has no part in the answer (id, form, strictness). False: it
/// would be more than `bytes_max`; what was appended is of no use then.
bool append_cache_key(const chat_request& request, const cache_context& context,
                      std::size_t bytes_max, std::string& out);

/// Keyed, so that nobody outside can make two requests collide; still, whoever looks a hash up
/// compares the bytes, too. Shared by all threads; any thread.
class cache_hasher {
public:
  /// With a random key. Hashes are of no use to another object or another run of the program.
  cache_hasher();

  [[nodiscard]] hash128 operator()(std::string_view bytes) const noexcept;

private:
  std::array<unsigned char, 192> key_{}; ///< what XXH3 takes as a secret
};

} // namespace ccapi::domain
