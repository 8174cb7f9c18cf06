#pragma once
// tool_servers: the MCP servers that a parent serves over the control channel, as the CLI deals
// with them: declaring, the handshake, and the tools that the API is told of.

#include "standin/input.hpp"
#include "standin/lines.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::standin {

/// What the command line and the environment say about tools.
struct tool_rules {
  std::vector<std::string> allowed; ///< of --allowedTools: "mcp__client1"
  bool plain_names = false;         ///< CLAUDE_AGENT_SDK_MCP_NO_PREFIX
  bool any_size = false;            ///< MAX_MCP_OUTPUT_TOKENS lifts the limit of old versions
};

/// Reads them; `argv` as of main().
tool_rules read_tool_rules(int argc, const char* const* argv);

/// A tool of a connected server.
struct served_tool {
  std::string server;
  declared_tool tool;
  bool allowed = false;
};

class tool_servers {
public:
  /// `lines` must outlive it.
  tool_servers(line_writer& lines, tool_rules rules);

  /// Answers mcp_set_servers, and begins the handshake with servers that are new. Those that are
  /// not named are gone: see removed().
  void set(std::string& out, std::string_view request_id, const std::vector<std::string>& names);
  /// Servers that the last set() has ended.
  [[nodiscard]] const std::vector<std::string>& removed() const noexcept { return removed_; }
  /// Takes the answer to a message of the handshake; false if it is none.
  bool take(std::string& out, const mcp_answer& answer);
  /// A turn waits for it.
  [[nodiscard]] bool connecting() const;
  /// 2.1.197 begins a second handshake when a turn finds the first one unfinished.
  void connect_again(std::string& out);
  /// Nobody has answered for a minute: goes on without the tools.
  void give_up();

  /// By the name that the model uses. Null if there is none.
  [[nodiscard]] const served_tool* find(std::string_view name) const;
  [[nodiscard]] const tool_rules& rules() const noexcept { return rules_; }
  /// The list for the next request, as JSON; it is remembered what each server has offered.
  std::string offer();
  /// Begins a message to a server; gives the id by which it is answered.
  std::string send(std::string& out, std::string_view server, std::string_view message);
  /// The next JSON-RPC id of the connection to a server.
  std::int64_t next_id(std::string_view server);

private:
  enum class stage { initialize, initialized, list, done };

  struct handshake {
    std::string server;
    std::string request_id;
    stage at = stage::initialize;
  };
  struct connection {
    bool connected = false;
    bool failed = false;
    std::int64_t next_id = 0;
    std::vector<declared_tool> tools;
  };

  void begin(std::string& out, const std::string& server);
  void advance(std::string& out, handshake& shake, const mcp_answer& answer);
  void collect();
  [[nodiscard]] std::string name_of(const std::string& server, const std::string& tool) const;
  void show();

  line_writer& lines_;
  tool_rules rules_;
  std::vector<std::string> order_; ///< names of servers as they were declared
  std::map<std::string, connection, std::less<>> servers_;
  std::vector<handshake> shakes_;
  std::vector<std::string> removed_;
  std::map<std::string, served_tool, std::less<>> tools_; ///< by the model's name
  /// By server, what requests have offered, as JSON by the model's name.
  std::map<std::string, std::map<std::string, std::string>> offered_;
};

} // namespace ccapi::standin
