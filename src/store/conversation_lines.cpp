#include "store/conversation_lines.hpp"

#include "domain/ids.hpp"
#include "json/field_reader.hpp"
#include "json/object_writer.hpp"
#include "store/label_text.hpp"
#include "store/message_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace ccapi::store {

namespace {

namespace dom = simdjson::dom;
using json::field_reader;
using json::object_writer;

constexpr std::string_view format_name = "claude-code-api conversations";
constexpr std::size_t labels_max = 16;
constexpr std::int64_t number_max = INT64_MAX;

constexpr std::array<std::string_view, 2> state_names{"finished", "interrupted"};
constexpr std::array<std::string_view, 4> reason_names{"stop", "length", "content_filter",
                                                       "tool_calls"};

void number(object_writer& object, std::string_view name, std::int64_t value) {
  json::append_integer(object.key(name), value);
}

void text(object_writer& object, std::string_view name, std::string_view value) {
  json::append_string(object.key(name), value);
}

std::int64_t nanoseconds_of(domain::wall_time time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

/// Begins the only member of a line; `close` its object and the line.
object_writer begin(std::string& out, std::string_view name) {
  out.append(R"({")").append(name).append(R"(":)");
  return object_writer{out};
}

void end(object_writer& object, std::string& out) {
  object.close();
  out += "}\n";
}

// -- reading -------------------------------------------------------------------------------------

std::int64_t required(field_reader& from, std::string_view name, std::int64_t low,
                      std::int64_t high = number_max) {
  const auto value = from.integer(name, low, high);
  if (!value)
    from.fail_missing(from.path_of(name));
  return value.value_or(low);
}

std::uint64_t count(field_reader& from, std::string_view name) {
  return static_cast<std::uint64_t>(required(from, name, 0));
}

std::string required_text(field_reader& from, std::string_view name) {
  return std::string{from.required_string(name).value_or(std::string_view{})};
}

domain::wall_time time(field_reader& from, std::string_view name) {
  const std::chrono::nanoseconds since{required(from, name, INT64_MIN)};
  return domain::wall_time{std::chrono::duration_cast<domain::wall_time::duration>(since)};
}

template <class Enum, std::size_t Size>
Enum one_of(field_reader& from, std::string_view name,
            const std::array<std::string_view, Size>& names) {
  const auto value = from.required_string(name);
  const auto found = std::find(names.begin(), names.end(), value.value_or(std::string_view{}));
  if (found == names.end()) {
    from.fail_value(from.path_of(name), "is not known");
    return Enum{};
  }
  return static_cast<Enum>(found - names.begin());
}

void read_labels_of(field_reader& from, domain::conversation_labels& labels) {
  const auto array = from.any("labels");
  if (!array)
    return from.fail_missing(from.path_of("labels"));
  auto read = read_labels(*array);
  if (!read)
    return from.fail(std::move(read).error());
  labels = *std::move(read);
  for (auto each = labels.begin(); each != labels.end(); ++each)
    if (std::any_of(labels.begin(), each,
                    [&](const auto& one) { return one.first == each->first; }))
      return from.fail_value(from.path_of("labels"), "must not name a key twice");
  if (labels.size() > labels_max)
    from.fail_value(from.path_of("labels"), "must be at most 16");
}

domain::stored_conversation read_conversation(field_reader& from) {
  domain::stored_conversation about;
  about.tenant = required_text(from, "tenant");
  about.info.id = required_text(from, "id");
  if (!domain::is_valid_conversation_id(about.info.id))
    from.fail_value(from.path_of("id"), "must be 1 to 128 of A-Z, a-z, 0-9, '.', '_' and '-'");
  const auto named = from.boolean("named");
  if (!named)
    from.fail_missing(from.path_of("named"));
  about.named = named.value_or(true);
  about.info.model = required_text(from, "model");
  read_labels_of(from, about.info.labels);
  about.epoch = count(from, "epoch");
  about.last = required(from, "last", 0);
  about.head = required(from, "head", 0, about.last);
  about.info.message_count = count(from, "message_count");
  about.info.turn_count = count(from, "turn_count");
  about.info.total_tokens = required(from, "total_tokens", 0);
  about.info.created_at = time(from, "created_at_ns");
  about.info.updated_at = time(from, "updated_at_ns");
  return about;
}

void read_figures(field_reader& from, domain::stored_turn& turn) {
  turn.usage.input_tokens = required(from, "input_tokens", 0);
  turn.usage.cache_write_tokens = required(from, "cache_write_tokens", 0);
  turn.usage.cache_read_tokens = required(from, "cache_read_tokens", 0);
  turn.usage.output_tokens = required(from, "output_tokens", 0);
  turn.usage.reasoning_tokens = required(from, "reasoning_tokens", 0);
  turn.cost_microdollars = required(from, "cost_microdollars", 0);
  turn.waited = std::chrono::microseconds{required(from, "waited_us", 0)};
  turn.total = std::chrono::microseconds{required(from, "total_us", 0)};
  turn.at = time(from, "at_ns");
}

turn_line read_turn(field_reader& from) {
  turn_line line;
  auto& turn = line.turn;
  line.number = required(from, "number", 1);
  turn.parent = required(from, "parent", 0, line.number - 1);
  turn.state = one_of<domain::stored_state>(from, "state", state_names);
  turn.depth = count(from, "depth");
  turn.reason = one_of<domain::finish_reason>(from, "reason", reason_names);
  turn.request_id = required_text(from, "request_id");
  turn.model = required_text(from, "model");
  turn.model_ran = required_text(from, "model_ran");
  read_figures(from, turn);
  if (const auto prompt = from.string("system_prompt"))
    turn.system_prompt.emplace(*prompt);
  const auto messages = from.any("messages");
  if (!messages) {
    from.fail_missing(from.path_of("messages"));
    return line;
  }
  auto read = read_messages(*messages);
  if (read)
    turn.messages = *std::move(read);
  else
    from.fail(std::move(read).error());
  return line;
}

end_line read_end(field_reader& from) {
  return {.conversations = count(from, "conversations"), .turns = count(from, "turns")};
}

header_line read_header(field_reader& from) {
  if (required_text(from, "format") != format_name)
    from.fail_value("format", "is not known");
  header_line line{.version = required(from, "version", 1)};
  if (line.version != lines_version)
    from.fail_value("version", "was written by a newer version of claude-code-api");
  return line;
}

template <class Read>
domain::result<conversation_line> line_of(field_reader& from, Read read) {
  auto line = read(from);
  if (from.failed())
    return from.take_failure();
  return conversation_line{std::move(line)};
}

} // namespace

void append_line(std::string& out, const header_line& line) {
  object_writer object{out};
  text(object, "format", format_name);
  number(object, "version", line.version);
  object.close();
  out += '\n';
}

void append_line(std::string& out, const domain::stored_conversation& line) {
  auto object = begin(out, "conversation");
  text(object, "tenant", line.tenant);
  text(object, "id", line.info.id);
  object.flag("named", line.named);
  text(object, "model", line.info.model);
  append_labels(object.key("labels"), line.info.labels);
  object.count("epoch", line.epoch);
  number(object, "last", line.last);
  number(object, "head", line.head);
  object.count("message_count", line.info.message_count);
  object.count("turn_count", line.info.turn_count);
  number(object, "total_tokens", line.info.total_tokens);
  number(object, "created_at_ns", nanoseconds_of(line.info.created_at));
  number(object, "updated_at_ns", nanoseconds_of(line.info.updated_at));
  end(object, out);
}

void append_line(std::string& out, const turn_line& line) {
  const auto& turn = line.turn;
  auto object = begin(out, "turn");
  number(object, "number", line.number);
  number(object, "parent", turn.parent);
  text(object, "state", state_names.at(static_cast<std::size_t>(turn.state)));
  object.count("depth", turn.depth);
  text(object, "reason", reason_names.at(static_cast<std::size_t>(turn.reason)));
  text(object, "request_id", turn.request_id);
  text(object, "model", turn.model);
  text(object, "model_ran", turn.model_ran);
  number(object, "input_tokens", turn.usage.input_tokens);
  number(object, "cache_write_tokens", turn.usage.cache_write_tokens);
  number(object, "cache_read_tokens", turn.usage.cache_read_tokens);
  number(object, "output_tokens", turn.usage.output_tokens);
  number(object, "reasoning_tokens", turn.usage.reasoning_tokens);
  number(object, "cost_microdollars", turn.cost_microdollars);
  number(object, "waited_us", turn.waited.count());
  number(object, "total_us", turn.total.count());
  number(object, "at_ns", nanoseconds_of(turn.at));
  if (turn.system_prompt)
    text(object, "system_prompt", *turn.system_prompt);
  append_messages(object.key("messages"), turn.messages);
  end(object, out);
}

void append_line(std::string& out, const end_line& line) {
  auto object = begin(out, "end");
  object.count("conversations", line.conversations);
  object.count("turns", line.turns);
  end(object, out);
}

domain::result<conversation_line> line_reader::read(std::string& text) {
  const auto document = reader_.parse(text);
  if (!document)
    return document.error();
  dom::object object;
  if (document->get(object) != simdjson::SUCCESS)
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "The line is no JSON object."};
  field_reader top{object};
  if (const auto conversation = top.object("conversation")) {
    field_reader from{*conversation, "conversation"};
    return line_of(from, read_conversation);
  }
  if (const auto turn = top.object("turn")) {
    field_reader from{*turn, "turn"};
    return line_of(from, read_turn);
  }
  if (const auto last = top.object("end")) {
    field_reader from{*last, "end"};
    return line_of(from, read_end);
  }
  return line_of(top, read_header);
}

} // namespace ccapi::store
