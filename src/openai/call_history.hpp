#pragma once
// call_history: the calls of tools in a chat request's messages, and which result belongs to which.

#include "domain/content.hpp"
#include "domain/result.hpp"
#include "json/field_reader.hpp"

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {

/// Reads messages in their order. The calls of one assistant's message, or of several in a row, are
/// open until what follows settles them.
class call_history {
public:
  /// tool_calls and function_call of an assistant's message. Fails in `message`.
  std::vector<domain::tool_use_block> read_calls(json::field_reader& message);

  /// Calls wait for results.
  [[nodiscard]] bool open() const noexcept { return !calls_.empty(); }
  /// Some of them have theirs.
  [[nodiscard]] bool answered() const noexcept { return answered_ > 0; }

  /// The result that a message of role tool or function brings to an open call. It goes by
  /// tool_call_id, else by `name` if `by_name`, else by order. Fails in `message`.
  void answer(json::field_reader& message, bool by_name,
              std::vector<domain::tool_result_block::part> parts);
  /// The results of all open calls, in their order; none is open any more. Fails with:
  /// invalid_request if only some calls have theirs. If none has, each was not answered.
  domain::result<std::vector<domain::block>> settle();

  /// Arguments of a call were no JSON object.
  [[nodiscard]] bool mended() const noexcept { return mended_; }
  /// Path of the calls that are open.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
  struct open_call {
    std::string name;
    domain::tool_result_block result; ///< its call_id may be empty
    std::size_t id_hash;              ///< most ids differ; long ones begin alike
    bool answered = false;
  };

  void read_list(json::field_reader& message, const simdjson::dom::array& items,
                 std::vector<domain::tool_use_block>& calls);
  void read_call(json::field_reader& call, std::vector<domain::tool_use_block>& calls);
  void add(std::string_view given_id, json::field_reader& named, std::string_view arguments_of,
           std::vector<domain::tool_use_block>& calls);
  open_call* find(json::field_reader& message, bool by_name);

  std::vector<open_call> calls_;
  std::size_t answered_ = 0;
  bool mended_ = false;
  std::string path_;
};

} // namespace ccapi::openai
