// What the CLI prints of calls of tools.

#include "json/writer.hpp"
#include "standin/lines.hpp"

#include <utility>

namespace ccapi::standin {

void line_writer::show_tools(std::string tools, std::string servers) {
  tools_ = std::move(tools);
  servers_ = std::move(servers);
}

void line_writer::tool_start(std::string& out, int index, std::string_view id,
                             std::string_view name) {
  event_head(out, "content_block_start");
  out += R"(,"index":)";
  json::append_integer(out, std::int64_t{index});
  out += R"(,"content_block":{"type":"tool_use","id":)";
  json::append_string(out, id);
  out += R"(,"name":)";
  json::append_string(out, name);
  out += R"(,"input":{}})";
  event_tail(out);
}

void line_writer::assistant_call(std::string& out, const part& use) {
  message_line(out,
               {.id = message_id_, .model = who_.model, .text = {}, .stop_reason = {}, .use = &use},
               message_usage_);
}

void line_writer::tool_result(std::string& out, const part& result, std::string_view raw) {
  ++results_;
  out += R"({"type":"user","message":{"role":"user","content":[)";
  append_json(out, result);
  out += R"(]},"parent_tool_use_id":null,"tool_use_result":)";
  out += raw;
  tail(out);
}

void line_writer::mcp_message(std::string& out, std::string_view request_id,
                              std::string_view server, std::string_view message) {
  out += R"({"type":"control_request","request_id":)";
  json::append_string(out, request_id);
  out += R"(,"request":{"subtype":"mcp_message","server_name":)";
  json::append_string(out, server);
  out += R"(,"message":)";
  out += message;
  out += "}}\n";
}

} // namespace ccapi::standin
