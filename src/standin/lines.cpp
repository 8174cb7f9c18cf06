#include "standin/lines.hpp"

#include "json/writer.hpp"

namespace ccapi::standin {

namespace {

constexpr std::string_view outside_tools = R"(,"parent_tool_use_id":null)";

void append_message_head(std::string& out, std::string_view id, std::string_view model) {
  out += R"({"id":")";
  out += id;
  out += R"(","type":"message","role":"assistant","model":)";
  json::append_string(out, model);
  out += R"(,"content":[)";
}

} // namespace

line_writer::line_writer(identity who)
  : who_{std::move(who)},
    newer_{who_.version != "2.1.197"},
    uuid_head_{who_.session_id.substr(0, who_.session_id.rfind('-') + 1)} {}

void line_writer::append_usage(std::string& out, const token_usage& usage) {
  out += R"({"input_tokens":)";
  json::append_integer(out, usage.input);
  out += R"(,"cache_creation_input_tokens":)";
  json::append_integer(out, usage.cache_write);
  out += R"(,"cache_read_input_tokens":)";
  json::append_integer(out, usage.cache_read);
  out += R"(,"output_tokens":)";
  json::append_integer(out, usage.output);
  out += R"(,"service_tier":"standard"})";
}

void line_writer::append_uuid(std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += uuid_head_;
  ++serial_;
  for (unsigned bits = 48; bits > 0; bits -= 4)
    out += digits[serial_ >> (bits - 4) & 0xfU];
}

void line_writer::tail(std::string& out) {
  out += R"(,"session_id":")";
  out += who_.session_id;
  out += R"(","uuid":")";
  append_uuid(out);
  out += "\"}\n";
}

void line_writer::event_head(std::string& out, std::string_view type) {
  out += R"({"type":"stream_event","event":{"type":")";
  out += type;
  out += '"';
}

void line_writer::event_tail(std::string& out) {
  out += '}';
  out += outside_tools;
  tail(out);
}

// -- a turn --------------------------------------------------------------------------------------

void line_writer::ui_invalidate(std::string& out) {
  out += R"({"type":"system","subtype":"ui_invalidate","event":"ui.render")";
  tail(out);
}

void line_writer::init(std::string& out) {
  results_ = 0;
  out += R"({"type":"system","subtype":"init","cwd":"/","tools":)";
  out.append(tools_).append(R"(,"mcp_servers":)").append(servers_).append(R"(,"model":)");
  json::append_string(out, who_.model);
  out += R"(,"permissionMode":"default","slash_commands":["cost"],"apiKeySource":")";
  out += who_.key_source;
  out += R"(","claude_code_version":")";
  out += who_.version;
  out += R"(","output_style":"default","agents":[],"skills":[],"plugins":[])";
  tail(out);
}

void line_writer::status(std::string& out) {
  out += R"({"type":"system","subtype":"status","status":"requesting")";
  tail(out);
}

void line_writer::message_start(std::string& out, const token_usage& call) {
  message_id_ = "msg_" + who_.maker;
  append_uuid(message_id_);
  message_usage_ = call;
  message_usage_.output = 1;
  event_head(out, "message_start");
  out += R"(,"message":)";
  append_message_head(out, message_id_, who_.model);
  out += R"(],"stop_reason":null,"stop_sequence":null,"usage":)";
  append_usage(out, message_usage_);
  out += '}';
  event_tail(out);
}

void line_writer::block_start(std::string& out, int index, block kind) {
  event_head(out, "content_block_start");
  out += R"(,"index":)";
  json::append_integer(out, std::int64_t{index});
  out += R"(,"content_block":)";
  out += kind == block::thinking ? R"({"type":"thinking","thinking":"","signature":""})"
                                 : R"({"type":"text","text":""})";
  event_tail(out);
}

void line_writer::delta(std::string& out, int index, block kind, std::string_view text) {
  event_head(out, "content_block_delta");
  out += R"(,"index":)";
  json::append_integer(out, std::int64_t{index});
  out += kind == block::thinking   ? R"(,"delta":{"type":"thinking_delta","thinking":)"
         : kind == block::tool_use ? R"(,"delta":{"type":"input_json_delta","partial_json":)"
                                   : R"(,"delta":{"type":"text_delta","text":)";
  json::append_bytes(out, text);
  out += '}';
  event_tail(out);
}

void line_writer::block_stop(std::string& out, int index) {
  event_head(out, "content_block_stop");
  out += R"(,"index":)";
  json::append_integer(out, std::int64_t{index});
  event_tail(out);
}

void line_writer::message_delta(std::string& out, std::string_view stop_reason,
                                std::string_view stop_sequence, std::int64_t output_tokens) {
  event_head(out, "message_delta");
  out += R"(,"delta":{"stop_reason":)";
  json::append_string_or_null(out, stop_reason);
  out += R"(,"stop_sequence":)";
  json::append_string_or_null(out, stop_sequence);
  out += R"(},"usage":{"output_tokens":)";
  json::append_integer(out, output_tokens);
  out += '}';
  event_tail(out);
}

void line_writer::message_stop(std::string& out) {
  event_head(out, "message_stop");
  event_tail(out);
}

void line_writer::user_note(std::string& out, std::string_view text) {
  out += R"({"type":"user","message":{"role":"user","content":[{"type":"text","text":)";
  json::append_string(out, text);
  out += "}]}";
  out += outside_tools;
  tail(out);
}

void line_writer::lifecycle(std::string& out, std::string_view command_uuid,
                            std::string_view state) {
  if (!newer_ || command_uuid.empty())
    return;
  out += R"({"type":"command_lifecycle","command_uuid":)";
  json::append_string(out, command_uuid);
  out += R"(,"state":")";
  out += state;
  out += '"';
  tail(out);
}

void line_writer::accepted(std::string& out, std::string_view uuid) {
  lifecycle(out, uuid, "queued");
  lifecycle(out, uuid, "started");
}

void line_writer::settled(std::string& out, std::string_view uuid, std::string_view text) {
  accepted(out, uuid);
  init(out);
  result(out, text, {}, {}, 0);
  lifecycle(out, uuid, "completed");
}

// -- whole messages ------------------------------------------------------------------------------

void line_writer::message_line(std::string& out, const message_text& what,
                               const token_usage& usage) {
  out += R"({"type":"assistant","message":)";
  append_message_head(out, what.id, what.model);
  if (what.use != nullptr) {
    append_json(out, *what.use);
  } else {
    out += what.thinking ? R"({"type":"thinking","thinking":)" : R"({"type":"text","text":)";
    json::append_bytes(out, what.text);
    out += what.thinking ? R"(,"signature":"c2ln"})" : "}";
  }
  out += R"(],"stop_reason":)";
  json::append_string_or_null(out, what.stop_reason);
  out += what.synthetic ? R"(,"stop_sequence":"","usage":)" : R"(,"stop_sequence":null,"usage":)";
  append_usage(out, usage);
  out += '}';
  out += outside_tools;
  if (what.synthetic)
    out += R"(,"error":"unknown")";
  if (what.use != nullptr) {
    out += R"(,"tool_use_meta":[{"id":)";
    json::append_string(out, what.use->id);
    out += R"(,"display_name":)";
    json::append_string(out, what.use->name);
    out += "}]";
  }
  tail(out);
}

void line_writer::assistant(std::string& out, block kind, std::string_view text) {
  message_line(out,
               {.id = message_id_,
                .model = who_.model,
                .text = text,
                .stop_reason = {},
                .thinking = kind == block::thinking},
               message_usage_);
}

void line_writer::whole_message(std::string& out, std::string_view text,
                                std::string_view stop_reason, const token_usage& usage) {
  message_id_ = "msg_" + who_.maker;
  append_uuid(message_id_);
  message_line(
    out, {.id = message_id_, .model = who_.model, .text = text, .stop_reason = stop_reason}, usage);
}

void line_writer::synthetic(std::string& out, std::string_view text, std::string_view stop_reason) {
  std::string id;
  append_uuid(id);
  message_line(
    out,
    {.id = id, .model = "<synthetic>", .text = text, .stop_reason = stop_reason, .synthetic = true},
    {});
}

} // namespace ccapi::standin
