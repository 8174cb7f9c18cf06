#pragma once
// tool_lines: what the CLI writes about calls of tools, for unit tests that play it.

#include <string>
#include <vector>

namespace ccapi::test::tool_lines {

inline std::string event(const std::string& what) {
  return R"({"type":"stream_event","event":)" + what + R"(,"parent_tool_use_id":null})" + "\n";
}

/// A call, streamed in pieces.
inline std::string call_block(int index, const std::string& id, const std::string& name,
                              const std::vector<std::string>& pieces) {
  const auto at = R"(,"index":)" + std::to_string(index);
  auto lines =
    event(R"({"type":"content_block_start")" + at + R"(,"content_block":{"type":"tool_use","id":")"
          + id + R"(","name":")" + name + R"(","input":{}}})");
  for (const auto& piece : pieces) {
    std::string escaped;
    for (const char c : piece)
      escaped += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    lines +=
      event(R"({"type":"content_block_delta")" + at
            + R"(,"delta":{"type":"input_json_delta","partial_json":")" + escaped + R"("}})");
  }
  return lines + event(R"({"type":"content_block_stop")" + at + "}");
}

/// A request to a server at our end, JSON-RPC.
inline std::string rpc(const std::string& request_id, const std::string& message,
                       const std::string& server = "client1") {
  return R"({"type":"control_request","request_id":")" + request_id
         + R"(","request":{"subtype":"mcp_message","server_name":")" + server + R"(","message":)"
         + message + "}}\n";
}

/// The CLI turns to us with a call.
inline std::string tool_call(const std::string& request_id, const std::string& name,
                             const std::string& id, int number = 2) {
  return rpc(request_id, R"({"method":"tools/call","params":{"name":")" + name
                           + R"(","arguments":{},"_meta":{"claudecode/toolUseId":")" + id
                           + R"("}},"jsonrpc":"2.0","id":)" + std::to_string(number) + "}");
}

} // namespace ccapi::test::tool_lines
