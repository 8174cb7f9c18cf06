// encoder, the lines of a tool server.

#include "claude/block_writer.hpp"
#include "claude/encoder.hpp"

#include <utility>

namespace ccapi::claude {

namespace {

void open_rpc(std::string& out, std::string_view request_id, std::int64_t rpc_id) {
  out += R"({"type":"control_response","response":{"subtype":"success","request_id":)";
  json::append_string(out, request_id);
  out += R"(,"response":{"mcp_response":{"jsonrpc":"2.0","id":)";
  json::append_integer(out, rpc_id);
  out += R"(,"result":)";
}

void close_rpc(std::string& out) {
  out += "}}}}";
}

/// As MCP has them.
struct result_writer {
  std::string& out;

  void operator()(const domain::text_block& part) const { block_writer{out}(part); }
  void operator()(const domain::image_block& part) const {
    out += R"({"type":"image","mimeType":)";
    json::append_string(out, part.media_type);
    out += R"(,"data":)";
    json::append_string(out, *part.base64);
    out += '}';
  }
};

} // namespace

void server_answer(std::string& out, const control_request& asked) {
  open_rpc(out, asked.request_id, asked.rpc_id.value_or(0));
  out += R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":)";
  json::append_string(out, asked.server);
  out += R"(,"version":"1"}})";
  close_rpc(out);
}

void tool_names_answer(std::string& out, const control_request& asked,
                       const std::vector<std::string>& names) {
  open_rpc(out, asked.request_id, asked.rpc_id.value_or(0));
  out += R"({"tools":[)";
  const char* separator = "";
  for (const auto& name : names) {
    out += std::exchange(separator, ",");
    out += R"({"name":)";
    json::append_string(out, name);
    // Without the hint calls come one after the other; without the size large results end in a
    // file of the CLI's (measured).
    out += R"(,"inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true},)"
           R"("_meta":{"anthropic/maxResultSizeChars":1000000000}})";
  }
  out += "]}";
  close_rpc(out);
}

void empty_answer(std::string& out, const control_request& asked) {
  open_rpc(out, asked.request_id, asked.rpc_id.value_or(0));
  out += "{}";
  close_rpc(out);
}

void call_answer(std::string& out, std::string_view request_id, std::int64_t rpc_id,
                 const domain::tool_result_block& result) {
  open_rpc(out, request_id, rpc_id);
  out += R"({"content":[)";
  const char* separator = "";
  for (const auto& part : result.parts) {
    out += std::exchange(separator, ",");
    std::visit(result_writer{out}, part);
  }
  if (result.is_error && result.parts.empty())
    result_writer{out}(domain::text_block{"error"});
  out += result.is_error ? R"(],"isError":true})" : "]}";
  close_rpc(out);
}

} // namespace ccapi::claude
