#pragma once
// input: what the gateway writes to the simulator's stdin, as far as the simulator heeds it.

#include "domain/result.hpp"
#include "json/reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ccapi::simulator {

/// A user's message; `query`: it wants an answer (else it is history).
struct user_said {
  std::string uuid;
  std::string text;
  bool query = true;
};

/// An answer of the past.
struct assistant_said {
  std::string text;
};

/// What CLAUDE_CODE_EXTRA_BODY asks for and the simulator can do.
struct answer_limits {
  std::vector<std::string> stop;
  std::optional<std::int64_t> max_tokens; ///< from 1; a delta counts as one token
};

struct control_call {
  std::string request_id;
  std::string subtype;
  std::string target_uuid;             ///< of rewind_conversation
  std::string system_prompt;           ///< of initialize; empty: none given
  std::optional<answer_limits> limits; ///< of apply_flag_settings, if it names any
};

/// A kind of line that means nothing to the simulator.
struct ignored {};

using input = std::variant<user_said, assistant_said, control_call, ignored>;

/// Not thread-safe. Reused, so that its buffers are allocated once.
class input_reader {
public:
  /// Fails with: invalid_request (no JSON object, or a line that lacks what its kind needs).
  domain::result<input> read(std::string_view line);

private:
  [[nodiscard]] answer_limits read_limits(std::string_view extra_body);
  domain::result<input> read_control(simdjson::dom::object line);

  json::reader lines_{{}};
  json::reader bodies_{{}}; ///< JSON inside a string of a line
};

} // namespace ccapi::simulator
