#pragma once
// block_writer: the blocks of messages as the Messages API has them. Internal to this room.

#include "domain/content.hpp"
#include "domain/turn/tools.hpp"
#include "json/writer.hpp"

#include <string>
#include <utility>
#include <variant>

namespace ccapi::claude {

/// Appends one block, an object.
struct block_writer {
  std::string& out;

  void operator()(const domain::text_block& block) const {
    out += R"({"type":"text","text":)";
    json::append_string(out, block.text);
    out += '}';
  }
  void operator()(const domain::image_block& block) const {
    out += R"({"type":"image","source":{"type":"base64","media_type":)";
    json::append_string(out, block.media_type);
    out += R"(,"data":)";
    json::append_string(out, *block.base64);
    out += "}}";
  }
  void operator()(const domain::document_block& block) const {
    const bool is_text = block.media_type == "text/plain";
    out += is_text ? R"({"type":"document","source":{"type":"text","media_type":)"
                   : R"({"type":"document","source":{"type":"base64","media_type":)";
    json::append_string(out, block.media_type);
    out += R"(,"data":)";
    json::append_string(out, *block.data);
    out += '}';
    if (!block.title.empty())
      json::append_string(out += R"(,"title":)", block.title);
    out += '}';
  }
  void operator()(const domain::tool_use_block& block) const {
    out += R"({"type":"tool_use","id":)";
    json::append_string(out, block.id);
    out += R"(,"name":)";
    json::append_string(out, domain::api_tool_name(block.name));
    out += R"(,"input":)";
    json::append_json(out, block.arguments);
    out += '}';
  }
  void operator()(const domain::tool_result_block& block) const {
    out += R"({"type":"tool_result","tool_use_id":)";
    json::append_string(out, block.call_id);
    out += R"(,"content":[)";
    const char* separator = "";
    for (const auto& part : block.parts) {
      out += std::exchange(separator, ",");
      std::visit(*this, part);
    }
    if (block.is_error && block.parts.empty()) // the API takes no empty error
      (*this)(domain::text_block{"error"});
    out += block.is_error ? R"(],"is_error":true})" : "]}";
  }
};

} // namespace ccapi::claude
