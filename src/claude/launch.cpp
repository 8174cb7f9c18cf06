#include "claude/launch.hpp"

#include "claude/control_channel.hpp"
#include "claude/encoder.hpp"
#include "claude/tool_channel.hpp"
#include "domain/ids.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace ccapi::claude {

namespace {

/// A pipe that was emptied holds 64 KiB, as a rule.
constexpr std::size_t priming_bytes_max = std::size_t{48} * 1024;

bool matches(std::string_view name, std::string_view pattern) noexcept {
  if (pattern.ends_with('*'))
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return name == pattern;
}

bool is_forbidden(std::string_view name) noexcept {
  for (const std::string_view pattern : {"LD_*", "NODE_OPTIONS", "BUN_*", "CLAUDECODE*",
                                         "CLAUDE_CODE__*", "CLAUDE_CODE_ATTRIBUTION_HEADER"})
    if (matches(name, pattern))
      return true;
  return false;
}

std::string allowed_servers() {
  std::string names;
  for (std::size_t number = 1; number <= tool_servers_max; ++number)
    names.append(names.empty() ? "mcp__" : ",mcp__").append(tool_server_name(number));
  return names;
}

} // namespace

domain::result<std::vector<std::string>> arguments(const launch_options& options) {
  if (!domain::is_safe_argument(options.model))
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "The model name holds characters that are not allowed.",
                         .param = "model",
                         .retry_useful = false};
  std::vector<std::string> argv{
    "-p",
    "--input-format=stream-json",
    "--output-format=stream-json",
    "--verbose", // stream-json output needs it
    "--include-partial-messages",
    "--tools=",
    "--setting-sources=",
    "--strict-mcp-config",
    "--no-session-persistence",
    "--system-prompt=",
    "--model=" + options.model,
    // Calls of the client's tools (tool_channel) need nobody's leave.
    "--allowedTools=" + allowed_servers(),
  };
  if (options.bare)
    argv.emplace_back("--bare");
  return argv;
}

std::string first_line() {
  std::string line;
  control_channel first;
  get_binary_version(line, first.begin(control_call::get_binary_version, {}));
  return line += '\n';
}

std::string first_lines_ahead() {
  auto lines = first_line();
  apply_settings(lines, "ahead", {}); // no id of a control_channel: nobody waits for the answer
  return lines += '\n';
}

std::optional<priming> priming_for(const std::string& system_prompt,
                                   const std::optional<version>& cli) {
  priming what;
  if (!system_prompt.empty()) { // argv has set the empty one
    control_channel calls;
    calls.begin(control_call::get_binary_version, {}); // first_line
    initialize(what.lines, calls.begin(control_call::initialize, {}), system_prompt);
    what.lines += '\n';
    what.sets_prompt = true;
  }
  if (cli && rewinds_to_nothing(*cli)) {
    what.message = domain::random_uuid();
    seed_user_line(what.lines, what.message, {domain::role::user, "Hello."});
    what.lines += '\n';
  }
  if (what.lines.empty() || what.lines.size() > priming_bytes_max)
    return std::nullopt;
  return what;
}

std::vector<std::string> environment(const std::vector<std::string>& allow,
                                     const char* const* parent, std::uint32_t max_retries) {
  std::map<std::string, std::string, std::less<>> variables{
    {"CLAUDE_AGENT_SDK_MCP_NO_PREFIX", "1"},
    // The API alone says what is too long: without this the CLI refuses from 177,000 tokens of a
    // window of 200,000 on (measured on 2.1.197 and 2.1.332).
    {"CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE", "10000000"},
    {"CLAUDE_CODE_DISABLE_ATTACHMENTS", "1"}, // "@path" in a message reads no file
    {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
    {"CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", "1"}, // a cut answer is not silently repeated
    {"CLAUDE_CODE_DISABLE_REFUSAL_RETRY", "1"},
    {"CLAUDE_CODE_MAX_RETRIES", std::to_string(max_retries)},
    {"DISABLE_AUTOUPDATER", "1"},
    {"DISABLE_COMPACT", "1"},                // what the client has sent is what the API is told
    {"MAX_MCP_OUTPUT_TOKENS", "1000000000"}, // results of tools are not cut
    {"TERM", "dumb"},
  };
  for (auto entry = parent; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable{*entry};
    const auto equals = variable.find('=');
    if (equals == 0 || equals == std::string_view::npos)
      continue;
    const auto name = variable.substr(0, equals);
    const auto allowed = [name](const std::string& pattern) { return matches(name, pattern); };
    if (is_forbidden(name) || std::none_of(allow.begin(), allow.end(), allowed))
      continue;
    // emplace keeps what is there: our constants, and the first of two equal names as getenv does.
    variables.emplace(name, variable.substr(equals + 1));
  }
  std::vector<std::string> result;
  result.reserve(variables.size());
  for (const auto& [name, value] : variables)
    result.push_back(name + '=' + value);
  return result;
}

bool has_api_key(const std::vector<std::string>& environment) {
  constexpr std::string_view prefixes[] = {"ANTHROPIC_API_KEY=", "ANTHROPIC_AUTH_TOKEN="};
  return std::any_of(environment.begin(), environment.end(), [&](const std::string& variable) {
    return std::any_of(std::begin(prefixes), std::end(prefixes), [&](std::string_view prefix) {
      return variable.starts_with(prefix) && variable.size() > prefix.size();
    });
  });
}

} // namespace ccapi::claude
