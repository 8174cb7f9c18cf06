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

namespace {

/// What a result takes as JSON text, and of its texts as JavaScript counts them.
struct result_size {
  std::size_t json_bytes = 0;
  std::size_t text_units = 0;

  void operator()(const domain::text_block& part) {
    for (const char c : part.text) {
      const auto byte = static_cast<unsigned char>(c);
      text_units += (byte & 0xc0U) == 0x80U ? 0 : byte >= 0xf0U ? 2 : 1;
      json_bytes += byte < 0x20U ? 6 : byte == '"' || byte == '\\' ? 2 : 1;
    }
  }
  void operator()(const domain::image_block& part) { json_bytes += part.base64->size(); }
};

} // namespace

bool can_be_brought(const domain::message& results, std::size_t line_bytes_max) noexcept {
  constexpr std::size_t text_units_max = 500'000;
  constexpr std::size_t around_it = std::size_t{64} << 10;
  for (const auto& block : results.content) {
    const auto* const result = std::get_if<domain::tool_result_block>(&block);
    if (!result)
      continue;
    result_size size;
    for (const auto& part : result->parts)
      std::visit(size, part);
    if (size.text_units > text_units_max || 2 * size.json_bytes + around_it > line_bytes_max)
      return false;
  }
  return true;
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
