#pragma once
// streamed_calls: the calls of tools in one answer, from the model's words to the CLI's request.

#include "claude/message.hpp"
#include "domain/turn/event.hpp"
#include "domain/turn/tools.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::claude {

/// One per turn. The CLI turns to us with a call only if its arguments are JSON and its tool is
/// declared; all others it answers by itself, and asks the model again.
class streamed_calls {
public:
  /// `tools`: those that the turn offers.
  explicit streamed_calls(domain::tool_list tools)
    : tools_{std::move(tools)} {}

  /// The model begins a call. False: of a tool that it was not offered; nothing is told of it.
  bool begin(const content_block_start& line, std::vector<domain::event>& out);
  void add(std::string_view json, std::vector<domain::event>& out);
  /// The block is over, whatever it was.
  void end_block(std::vector<domain::event>& out);

  /// The CLI turned to us with it. False: it is none of those that were told.
  bool note_kept(std::string_view id);

  [[nodiscard]] bool empty() const noexcept { return calls_.empty(); }
  /// In the order in which the model made them.
  [[nodiscard]] std::vector<std::string_view> ids() const;
  /// The arguments of one are no JSON object: the CLI will not turn to us with it.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  /// The CLI has turned to us with each of them.
  [[nodiscard]] bool all_kept() const noexcept { return kept_ == calls_.size(); }

private:
  struct call {
    std::string id;
    bool kept = false;
  };

  domain::tool_list tools_;
  std::vector<call> calls_;
  std::string arguments_; ///< of the last one, so far
  std::size_t kept_ = 0;
  bool open_ = false; ///< the block is a call that was told
  bool broken_ = false;
};

} // namespace ccapi::claude
