#include "standin/tool_calls.hpp"

#include "json/writer.hpp"
#include "standin/javascript.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace ccapi::standin {

namespace {

/// Without a limit of its own a tool's result may have this many characters.
constexpr std::size_t result_characters_max = 50'000;
/// Whatever a tool asks for.
constexpr std::size_t own_characters_max = 500'000;
constexpr std::size_t preview_bytes = 2'000;
/// What 2.1.197 takes where MAX_MCP_OUTPUT_TOKENS is not set, four characters a token.
constexpr std::size_t old_characters_max = 100'000;

constexpr std::string_view rejected =
  "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a "
  "file edit, the new_string was NOT written to the file). STOP what you are doing and wait for "
  "the "
  "user to tell you how to proceed.";
constexpr std::string_view correction =
  " Correction to the text above: this call was stopped while running, not refused before it ran.";

std::string json_string(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string unparsed(std::string_view name, std::string_view text) {
  const auto size = std::to_string(text.size());
  return "<tool_use_error>InputValidationError: " + std::string{name}
         + " was called with input that could not be parsed as JSON.\nYou sent (first " + size
         + " of " + size + " bytes): " + std::string{text}
         + "\nCommon causes: unescaped backslashes in file paths (use / or \\\\), unescaped "
           "control "
           "characters, or truncated output. Retry with valid JSON.</tool_use_error>";
}

/// [1] as the arguments of a call: {"0":1}.
std::string keyed(std::string_view array) {
  std::string out = "{";
  int depth = 0;
  bool inside = false;
  int index = 0;
  if (array.size() > 2)
    out += "\"0\":";
  for (std::size_t at = 1; at + 1 < array.size(); ++at) {
    const char each = array[at];
    if (inside && each == '\\') {
      out += each;
      out += array[++at];
      continue;
    }
    if (each == '"')
      inside = !inside;
    depth += inside ? 0 : each == '{' || each == '[' ? 1 : each == '}' || each == ']' ? -1 : 0;
    out += each;
    if (!inside && depth == 0 && each == ',')
      out += '"' + std::to_string(++index) + "\":";
  }
  return out + '}';
}

} // namespace

bool runs_before_stop(const line_writer& lines, const tool_servers& servers,
                      std::string_view name) {
  return !lines.newer() || servers.find(name) == nullptr;
}

void tool_calls::add(std::string id, std::string name, std::string_view arguments) {
  call made;
  made.id = std::move(id);
  made.name = std::move(name);
  const auto read = through_javascript(arguments.empty() ? "{}" : arguments);
  const auto* tool = servers_.find(made.name);
  if (tool == nullptr) {
    const auto why = "Error: No such tool available: " + made.name;
    fail(made, "<tool_use_error>" + why + "</tool_use_error>", why);
  } else if (!read) {
    made.failure = unparsed(made.name, arguments);
    made.note =
      "InputValidationError: JSON parse failed (" + std::to_string(arguments.size()) + " bytes)";
  } else if (read->front() != '{' && !(read->front() == '[' && lines_.newer())) {
    const bool array = read->front() == '[';
    made.failure = "<tool_use_error>InputValidationError: " + made.name
                   + " failed due to the following issue:\nThe parameter `` type is expected as "
                     "`object` but provided as `"
                   + (array ? "array" : "string") + "`</tool_use_error>";
    made.note = "InputValidationError: invalid_type";
  } else if (!tool->allowed) {
    made.failure =
      "Claude requested permissions to use " + made.name + ", but you haven't granted it yet.";
    made.note = "Error: " + made.failure;
  } else {
    made.arguments = read->front() == '[' ? keyed(*read) : *read;
    made.at_once = tool->tool.read_only;
    made.server = tool->server;
  }
  calls_.push_back(std::move(made));
}

std::size_t tool_calls::startable() const {
  const bool any_open = std::any_of(calls_.begin(), calls_.end(),
                                    [](const call& each) { return each.at == stage::open; });
  const bool any_alone = std::any_of(calls_.begin(), calls_.end(), [](const call& each) {
    return each.at == stage::open && !each.at_once;
  });
  for (std::size_t at = 0; at < calls_.size(); ++at) {
    const auto& each = calls_[at];
    if (each.at != stage::queued)
      continue;
    if (!any_open || (each.at_once && !any_alone))
      return at;
    if (!each.at_once)
      break;
  }
  return calls_.size();
}

std::size_t tool_calls::sayable() const {
  for (std::size_t at = 0; at < calls_.size(); ++at) {
    const auto& each = calls_[at];
    if (each.at == stage::answered)
      return at;
    if (each.at == stage::open && !each.at_once)
      break;
  }
  return calls_.size();
}

bool tool_calls::next_line(std::string& out) {
  for (;;) {
    const auto due = startable();
    const auto done = sayable();
    const bool asks = due < calls_.size() && calls_[due].failure.empty();
    if (done < calls_.size() && (lines_.newer() || !asks)) {
      say(out, calls_[done]);
      return true;
    }
    if (due >= calls_.size())
      return false;
    auto& next = calls_[due];
    if (!asks) {
      fail(next, next.failure, next.note);
    } else if (const auto* tool = servers_.find(next.name)) {
      start(out, next, tool->tool.name);
      return true;
    } else {
      close({next.server}); // it has gone meanwhile
    }
  }
}

void tool_calls::start(std::string& out, call& which, std::string_view plain) {
  which.at = stage::open;
  which.asked = true;
  which.rpc_id = servers_.next_id(which.server);
  const auto id = std::to_string(which.rpc_id);
  which.request_id = servers_.send(
    out, which.server,
    R"({"method":"tools/call","params":{"name":)" + json_string(plain) + R"(,"arguments":)"
      + which.arguments + R"(,"_meta":{"claudecode/toolUseId":)" + json_string(which.id)
      + R"(,"progressToken":)" + id + R"(}},"jsonrpc":"2.0","id":)" + id + "}");
}

void tool_calls::say(std::string& out, call& which) {
  which.at = stage::said;
  lines_.tool_result(out, which.result, which.raw);
  results_.push_back(which.result);
}

void tool_calls::fail(call& which, std::string_view text, std::string_view note) {
  which.at = stage::answered;
  which.result = {
    .what = part::kind::tool_result, .id = which.id, .json = json_string(text), .failed = true};
  which.raw = json_string(note);
}

bool tool_calls::take(const mcp_answer& answer) {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const call& each) {
    return each.at == stage::open && each.request_id == answer.request_id;
  });
  if (found == calls_.end())
    return false;
  const auto text = answer.text();
  if (answer.failed) {
    const std::string why = !answer.error.empty() ? answer.error
                            : text.empty()        ? "Command failed with no output"
                                                  : text;
    fail(*found, why, "Error: " + why);
    return true;
  }
  found->at = stage::answered;
  found->result = {.what = part::kind::tool_result, .id = found->id};
  found->raw = to_json(answer.content);
  const bool silent = text.empty() && !has(answer.content, part::kind::other);
  found->result.json =
    silent ? json_string("(" + found->name + " completed with no output)") : found->raw;
  if (!silent)
    limit(*found, text.size());
  return true;
}

void tool_calls::limit(call& which, std::size_t characters) const {
  const auto* tool = servers_.find(which.name);
  const auto own = tool != nullptr ? tool->tool.result_max : 0;
  if (!lines_.newer() && !servers_.rules().any_size && characters > old_characters_max) {
    which.result.json =
      json_string("Error: result (" + std::to_string(characters)
                  + " characters) exceeds maximum allowed tokens. Output has been "
                    "saved to /tmp/"
                  + which.id + ".txt.");
  } else if (characters > (own > 0 ? std::min(own, own_characters_max) : result_characters_max)) {
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%.1fKB", static_cast<double>(which.raw.size()) / 1024);
    which.result.json = json_string(
      "<persisted-output>\nOutput too large (" + std::string{size.data()}
      + "). Full output saved to: /tmp/tool-results/" + which.id + ".json\n\nPreview (first 2KB):\n"
      + which.raw.substr(0, preview_bytes) + "\n...\n</persisted-output>");
  }
}

void tool_calls::close(const std::vector<std::string>& names) {
  const std::string why =
    lines_.newer() ? "Connection closed" : "MCP error -32000: Connection closed";
  for (auto& each : calls_)
    if ((each.at == stage::open || (each.at == stage::queued && each.failure.empty()))
        && std::find(names.begin(), names.end(), each.server) != names.end())
      fail(each, why, "Error: " + why);
}

void tool_calls::close_all() {
  const std::string why =
    lines_.newer()
      ? "The tool call was interrupted before a result was received. It may or may not have "
        "completed on the server — verify before assuming it succeeded, and retry if needed."
      : "Tool permission stream closed before response received";
  for (auto& each : calls_)
    if (each.at == stage::open || (each.at == stage::queued && each.failure.empty()))
      fail(each, why, "Error: " + why);
}

void tool_calls::cancel(std::string& out) {
  for (const auto& each : calls_)
    if (each.at == stage::open || (!lines_.newer() && each.asked)) // which tells of answered ones
      servers_.send(out, each.server,
                    R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)"
                      + std::to_string(each.rpc_id) + R"(,"reason":"AbortError: remote-cancel"}})");
}

bool tool_calls::end(std::string& out) {
  if (calls_.empty())
    return false;
  std::string why{rejected};
  if (lines_.newer())
    why += correction;
  for (auto& each : calls_) {
    if (each.at == stage::said)
      continue;
    if (each.at != stage::answered)
      fail(each, why, "User rejected tool use");
    say(out, each);
  }
  return true;
}

bool tool_calls::finished() const {
  return std::all_of(calls_.begin(), calls_.end(),
                     [](const call& each) { return each.at == stage::said; });
}

parts tool_calls::take_results() {
  calls_.clear();
  return std::exchange(results_, {});
}

} // namespace ccapi::standin
