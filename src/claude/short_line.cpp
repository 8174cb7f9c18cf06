#include "claude/short_line.hpp"

#include "claude/line_cursor.hpp"

#include <utility>

namespace ccapi::claude {

namespace {

constexpr std::string_view parent_key = "parent_tool_use_id";

/// Of keys that were met: of two that are the same the parser takes the first.
class key_marks {
public:
  bool first(unsigned bit) noexcept {
    return (std::exchange(seen_, seen_ | (1U << bit)) & (1U << bit)) == 0;
  }

private:
  unsigned seen_ = 0;
};

/// A member that says whether a subagent speaks, or one that is not looked at. What speaks of
/// failures is for the parser.
bool skip_member(line_cursor& rest, std::string_view key) noexcept {
  return key == parent_key ? rest.skip("null") : key != "error" && rest.skip_value();
}

/// The rest of an object, and of the line.
bool skip_line_end(line_cursor& rest) {
  return rest.more_members([&](std::string_view key) { return skip_member(rest, key); })
         && rest.is_over();
}

bool read_count(line_cursor& rest, std::optional<std::int64_t>& out) {
  return rest.small_number(out.emplace());
}

bool read_flag(line_cursor& rest, bool& out) {
  out = rest.skip("true");
  return out || rest.skip("false");
}

bool read_cost(line_cursor& rest, std::int64_t& out) {
  double amount = 0;
  if (!rest.number(amount))
    return false;
  out = micro_usd(amount);
  return true;
}

bool read_usage(line_cursor& rest, token_counts& out) {
  key_marks marks;
  return rest.members([&](std::string_view key) {
    if (key == "input_tokens")
      return marks.first(0) && read_count(rest, out.input);
    if (key == "cache_creation_input_tokens")
      return marks.first(1) && read_count(rest, out.cache_write);
    if (key == "cache_read_input_tokens")
      return marks.first(2) && read_count(rest, out.cache_read);
    if (key == "output_tokens")
      return marks.first(3) && read_count(rest, out.output);
    if (key != "output_tokens_details")
      return rest.skip_value();
    return marks.first(4) && rest.members([&](std::string_view detail) {
      return detail == "thinking_tokens" ? marks.first(5) && read_count(rest, out.thinking)
                                         : rest.skip_value();
    });
  });
}

} // namespace

// -- parts ---------------------------------------------------------------------------------------

bool short_lines::keep_string(line_cursor& rest, std::string_view& out) {
  std::string_view value;
  if (!rest.string(value))
    return rest.skip("null");
  const auto begin = text_.size();
  text_ += value;
  out = std::string_view{text_}.substr(begin);
  return true;
}

bool short_lines::keep_text(line_cursor& rest, std::string_view& out) {
  char16_t half = 0;
  const auto begin = text_.size();
  if (!rest.text(text_, half) || half != 0)
    return false;
  out = std::string_view{text_}.substr(begin);
  return true;
}

/// The CLI writes a line for each block.
bool short_lines::read_content(line_cursor& rest, std::string_view& out) {
  if (rest.skip(R"([{"type":"text","text":)"))
    return keep_text(rest, out) && rest.skip("}]");
  if (rest.skip(R"([{"type":"tool_use")"))
    return rest.more_members([&](std::string_view) { return rest.skip_value(); }) && rest.skip(']');
  std::string_view thought;
  return rest.skip(R"([{"type":"thinking","thinking":)") && keep_text(rest, thought)
         && rest.more_members([&](std::string_view) { return rest.skip_value(); })
         && rest.skip(']');
}

bool short_lines::read_end(line_cursor& rest, known_bytes& usual) {
  const auto bytes = rest.rest();
  if (usual.match(bytes)) {
    rest.skip_rest();
    return rest.is_over();
  }
  if (!skip_line_end(rest))
    return false;
  usual.remember(bytes);
  return true;
}

// -- the stream of an answer ---------------------------------------------------------------------

bool short_lines::read_event_end(line_cursor& rest) {
  return read_end(rest, event_end_);
}

/// From a delta's text on.
bool short_lines::read_delta_text(line_cursor& rest, std::int64_t index, delta_kind kind,
                                  message& out) {
  auto half = half_;
  if (!rest.text(text_, half) || !rest.skip("}}") || !read_event_end(rest))
    return false;
  half_ = half;
  out = content_block_delta{.index = index, .kind = kind, .text = text_, .parent_tool_use_id = {}};
  return true;
}

bool short_lines::read_delta(line_cursor& rest, message& out) {
  std::int64_t index = 0;
  if (!rest.small_number(index) || !rest.skip(R"(,"delta":{"type":")"))
    return false;
  if (rest.skip(R"(text_delta","text":)"))
    return read_delta_text(rest, index, delta_kind::text, out);
  if (rest.skip(R"(input_json_delta","partial_json":)"))
    return read_delta_text(rest, index, delta_kind::input_json, out);
  return rest.skip(R"(thinking_delta","thinking":)")
         && read_delta_text(rest, index, delta_kind::thinking, out);
}

bool short_lines::read_block_start(line_cursor& rest, message& out) {
  content_block_start read;
  key_marks marks;
  const bool whole = rest.small_number(read.index) && rest.skip(R"(,"content_block":)")
                     && rest.members([&](std::string_view key) {
                          if (key == "type")
                            return marks.first(0) && keep_string(rest, read.kind);
                          if (key == "id")
                            return marks.first(1) && keep_string(rest, read.id);
                          if (key == "name")
                            return marks.first(2) && keep_string(rest, read.name);
                          return rest.skip_value();
                        })
                     && rest.skip('}') && read_event_end(rest);
  if (whole)
    out = read;
  return whole;
}

bool short_lines::read_message_start(line_cursor& rest, message& out) {
  message_start read;
  key_marks marks;
  const bool whole = rest.skip(R"(,"message":)") && rest.members([&](std::string_view key) {
    if (key == "id")
      return marks.first(0) && keep_string(rest, read.id);
    if (key == "model")
      return marks.first(1) && keep_string(rest, read.model);
    if (key == "usage")
      return marks.first(2) && read_usage(rest, read.usage);
    return rest.skip_value();
  }) && rest.skip('}')
                     && read_event_end(rest);
  if (!whole)
    return false;
  half_ = 0;
  out = read;
  return true;
}

bool short_lines::read_message_delta(line_cursor& rest, message& out) {
  message_delta read;
  key_marks marks;
  const bool whole = rest.more_members([&](std::string_view key) {
    if (key == "usage")
      return marks.first(0) && read_usage(rest, read.usage);
    if (key != "delta")
      return rest.skip_value();
    return marks.first(1) && rest.members([&](std::string_view inner) {
      return inner == "stop_reason" ? marks.first(2) && keep_string(rest, read.stop_reason)
                                    : rest.skip_value();
    });
  }) && read_event_end(rest);
  if (whole)
    out = read;
  return whole;
}

bool short_lines::read_event(line_cursor& rest, message& out) {
  if (rest.skip(R"(content_block_delta","index":)"))
    return read_delta(rest, out);
  if (rest.skip(R"(content_block_start","index":)"))
    return read_block_start(rest, out);
  if (rest.skip(R"(content_block_stop","index":)")) {
    content_block_stop read;
    if (!rest.small_number(read.index) || !rest.skip('}') || !read_event_end(rest))
      return false;
    half_ = 0;
    out = read;
    return true;
  }
  if (rest.skip(R"(message_start")"))
    return read_message_start(rest, out);
  if (rest.skip(R"(message_delta")"))
    return read_message_delta(rest, out);
  if (!rest.skip(R"(message_stop"})") || !read_event_end(rest))
    return false;
  out = message_stop{};
  return true;
}

// -- other lines ---------------------------------------------------------------------------------

bool short_lines::read_lifecycle(line_cursor& rest, message& out) {
  std::string_view unused;
  if (!rest.skip(R"(,"command_uuid":)") || !rest.string(unused) || !rest.skip(R"(,"state":)")
      || !rest.string(unused) || !read_end(rest, lifecycle_end_))
    return false;
  out = command_lifecycle{};
  return true;
}

bool short_lines::read_system(line_cursor& rest, message& out) {
  if (rest.skip(R"(status","status":"requesting")")) {
    if (!skip_line_end(rest))
      return false;
    out = system_status{"requesting"};
    return true;
  }
  thinking_tokens read;
  if (!rest.skip(R"(thinking_tokens","estimated_tokens":)") || !rest.small_number(read.estimated)
      || !skip_line_end(rest))
    return false;
  out = read;
  return true;
}

bool short_lines::read_assistant_message(line_cursor& rest, assistant& out) {
  key_marks marks;
  return rest.members([&](std::string_view key) {
    if (key == "id")
      return marks.first(0) && keep_string(rest, out.id);
    if (key == "model")
      return marks.first(1) && keep_string(rest, out.model);
    if (key == "content")
      return marks.first(2) && read_content(rest, out.text);
    if (key == "stop_reason")
      return marks.first(3) && keep_string(rest, out.stop_reason);
    if (key == "usage")
      return marks.first(4) && read_usage(rest, out.usage);
    return rest.skip_value();
  });
}

bool short_lines::read_assistant(line_cursor& rest, message& out) {
  assistant read;
  key_marks marks;
  if (!read_assistant_message(rest, read))
    return false;
  if (event_end_.match(rest.rest())) // as a rule; no failure is in there
    rest.skip_rest();
  else if (!rest.more_members([&](std::string_view key) {
             return key == "error" ? marks.first(0) && keep_string(rest, read.error)
                                   : skip_member(rest, key);
           }))
    return false;
  if (!rest.is_over())
    return false;
  out = read;
  return true;
}

bool short_lines::read_result(line_cursor& rest, message& out) {
  result read;
  std::string_view type;
  key_marks marks;
  const bool whole = rest.members([&](std::string_view key) {
    if (key == "type")
      return marks.first(0) && rest.string(type);
    if (key == "subtype")
      return marks.first(1) && keep_string(rest, read.subtype);
    if (key == "is_error")
      return marks.first(2) && read_flag(rest, read.is_error);
    if (key == "result")
      return marks.first(3) && keep_text(rest, read.text);
    if (key == "stop_reason")
      return marks.first(4) && keep_string(rest, read.stop_reason);
    if (key == "terminal_reason")
      return marks.first(5) && keep_string(rest, read.terminal_reason);
    if (key == "usage")
      return marks.first(6) && read_usage(rest, read.usage);
    if (key == "safety_stops")
      return marks.first(7) && rest.small_number(read.safety_stops);
    if (key == "total_cost_usd")
      return marks.first(8) && read_cost(rest, read.total_cost_micro_usd);
    // What speaks of failures is for the parser.
    if (key == "api_error_status" || key == "api_error_type" || key == "api_error")
      return rest.skip("null");
    return key == "errors" ? rest.skip("[]") : rest.skip_value();
  }) && type == "result"
                     && rest.is_over();
  if (whole)
    out = std::move(read);
  return whole;
}

bool short_lines::read(std::string_view line, message& out) {
  text_.clear();
  line_cursor rest{line};
  // Most lines of most answers.
  if (rest.skip(R"({"type":"stream_event","event":{"type":"content_block_delta","index":0,)"
                R"("delta":{"type":"text_delta","text":)"))
    return read_delta_text(rest, 0, delta_kind::text, out);
  if (rest.skip(R"({"type":"stream_event","event":{"type":")")) {
    text_.reserve(line.size());
    return read_event(rest, out);
  }
  if (rest.skip(R"({"type":"command_lifecycle")"))
    return read_lifecycle(rest, out);
  if (rest.skip(R"({"type":"system","subtype":")")) {
    if (!init_.match(line))
      return read_system(rest, out);
    out = system_init{model_};
    return true;
  }
  text_.reserve(line.size());
  if (rest.skip(R"({"type":"assistant","message":)"))
    return read_assistant(rest, out);
  if (line.starts_with(R"({"type":"result",)") || line.starts_with(R"({"duration_api_ms":)"))
    return read_result(rest, out);
  return false;
}

void short_lines::note_init(std::string_view line, const system_init& what) {
  if (line.find('\\') != std::string_view::npos)
    return;
  init_.remember(line);
  model_ = what.model;
}

} // namespace ccapi::claude
