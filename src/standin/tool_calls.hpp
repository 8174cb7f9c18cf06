#pragma once
// tool_calls: the calls of one answer, run as the CLI runs them: those that only read at once, the
// others one after another, each until the parent answers it. Pure of I/O.

#include "standin/lines.hpp"
#include "standin/part.hpp"
#include "standin/tool_servers.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::standin {

class tool_calls {
public:
  /// Both must outlive it.
  tool_calls(line_writer& lines, tool_servers& servers)
    : lines_{lines},
      servers_{servers} {}

  /// Takes over a call whose block has ended; `arguments` are as the model wrote them.
  void add(std::string id, std::string name, std::string_view arguments);
  /// Appends the next line that is due, a call for the parent or a result; false if there is none.
  bool next_line(std::string& out);
  [[nodiscard]] bool has_line() const {
    return startable() < calls_.size() || sayable() < calls_.size();
  }
  /// Takes the parent's answer to a call; false if none of these is meant.
  bool take(const mcp_answer& answer);
  /// The servers of these names are gone, and with them what they had to answer.
  void close(const std::vector<std::string>& names);
  /// Nobody will answer any more: stdin has ended.
  void close_all();
  /// Tells the parent of an interrupt; the rest is end()'s.
  void cancel(std::string& out);
  /// Ends what is open as an interrupt does; false if there was no call at all.
  bool end(std::string& out);

  [[nodiscard]] bool empty() const noexcept { return calls_.empty(); }
  /// Every call has its result, and the result has been said.
  [[nodiscard]] bool finished() const;
  /// What the API is told, in the order in which it became known. Ends this round of calls.
  parts take_results();

private:
  enum class stage { queued, open, answered, said };

  struct call {
    std::string id;
    std::string name;
    std::string arguments; ///< as the CLI sends them
    std::string failure;   ///< what the CLI answers by itself
    std::string note;      ///< tool_use_result of that answer
    bool at_once = false;  ///< reads only
    stage at = stage::queued;
    std::string server;
    std::string request_id;
    std::int64_t rpc_id = 0;
    part result;
    std::string raw; ///< tool_use_result, JSON
    bool asked = false;
  };

  /// The call that may be started or said next; their number if there is none.
  [[nodiscard]] std::size_t startable() const;
  [[nodiscard]] std::size_t sayable() const;
  void start(std::string& out, call& which, std::string_view plain);
  void say(std::string& out, call& which);
  static void fail(call& which, std::string_view text, std::string_view note);
  void limit(call& which, std::size_t characters) const;

  line_writer& lines_;
  tool_servers& servers_;
  std::deque<call> calls_;
  parts results_;
};

/// How newer and older versions treat the end of a block differently: these run the call before
/// its content_block_stop.
[[nodiscard]] bool runs_before_stop(const line_writer& lines, const tool_servers& servers,
                                    std::string_view name);

} // namespace ccapi::standin
