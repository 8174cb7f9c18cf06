#pragma once
// tool_channel: the client's tools as the CLI meets them: an MCP server at our end of its pipes.

#include "claude/message.hpp"
#include "domain/content.hpp"
#include "domain/turn/tools.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::claude {

/// Servers that a process may be told of: as many names as argv allows calls of. One is in use; a
/// tool that a name once offered stays with that name, so a changed set takes the next one.
inline constexpr std::size_t tool_servers_max = 2;
/// "client1", ...
std::string tool_server_name(std::size_t number);

/// One per CLI process; not thread-safe. Declares names only: what the model is told of the tools
/// goes by the request's own body (encoder: apply_settings), which takes any schema and description
/// as it is, while a server's list is sorted, cut and in part dropped by the CLI (measured). Calls
/// are kept until their results are there; limits: open_calls_max.
class tool_channel {
public:
  /// More calls in one answer than any model makes.
  static constexpr std::size_t open_calls_max = 256;

  /// What came of a request of the CLI.
  enum class reaction : std::uint8_t {
    answered, ///< the answer was appended
    kept,     ///< a call: it waits for answer()
    refused,  ///< none of ours, or a call too many: to be denied
  };

  /// Names were declared once: without a list of its own each request would offer them.
  [[nodiscard]] bool in_use() const noexcept { return !names_.empty(); }
  /// The CLI would route a call of each of them to us.
  [[nodiscard]] bool knows(const domain::tool_list& tools) const;
  /// From now on these are declared, and nothing else. Gives the server to be set.
  /// No call may be open.
  std::string declare(const domain::tool_list& tools);

  /// For a request of the CLI. `out`: a line, if answered.
  reaction on_request(const control_request& asked, std::string& out);

  /// Puts the open calls into the order of the answer; the CLI makes them in any.
  void put_in_order(const std::vector<std::string_view>& call_ids);
  /// Calls without a result.
  [[nodiscard]] std::size_t open_calls() const noexcept { return calls_.size(); }
  [[nodiscard]] bool is_open(std::string_view call_id) const noexcept;
  /// Appends the line with the result of the call that is named; false: there is no such call.
  bool answer(const domain::tool_result_block& result, std::string& out);
  /// Appends the line with the result of the first open call, whatever call it names. There must be
  /// one.
  void answer_first(const domain::tool_result_block& result, std::string& out);
  /// The CLI has ended them.
  void forget_calls() noexcept { calls_.clear(); }

private:
  struct open_call {
    std::string id;
    std::string request_id;
    std::int64_t rpc_id = 0;
  };

  reaction keep(const control_request& asked);

  std::vector<std::string> names_; ///< sorted
  std::size_t server_ = 0;
  std::vector<open_call> calls_;
};

} // namespace ccapi::claude
