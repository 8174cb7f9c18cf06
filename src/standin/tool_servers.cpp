#include "standin/tool_servers.hpp"

#include "domain/ids.hpp"
#include "json/writer.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace ccapi::standin {

namespace {

std::string names_json(const std::vector<std::string>& names) {
  std::string out = "[";
  for (const auto& name : names) {
    if (out.size() > 1)
      out += ',';
    json::append_string(out, name);
  }
  return out += ']';
}

/// What the API is told of a tool.
std::string api_tool(std::string_view name, const declared_tool& tool) {
  std::string out = R"({"name":)";
  json::append_string(out, name);
  if (!tool.description.empty()) {
    out += R"(,"description":)";
    json::append_string(out, tool.description);
  }
  return out.append(R"(,"input_schema":)").append(tool.schema).append("}");
}

bool before(const std::pair<std::string, std::string>& a,
            const std::pair<std::string, std::string>& b) {
  return std::lexicographical_compare(a.first.begin(), a.first.end(), b.first.begin(),
                                      b.first.end(), [](char x, char y) {
                                        return std::tolower(static_cast<unsigned char>(x))
                                               < std::tolower(static_cast<unsigned char>(y));
                                      });
}

} // namespace

tool_rules read_tool_rules(int argc, const char* const* argv) {
  constexpr std::string_view flag = "--allowedTools=";
  tool_rules rules;
  for (int at = 1; at < argc; ++at)
    if (const std::string_view argument{argv[at]}; argument.starts_with(flag))
      for (auto rest = argument.substr(flag.size()); !rest.empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        rules.allowed.emplace_back(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
  const char* plain = std::getenv("CLAUDE_AGENT_SDK_MCP_NO_PREFIX");
  rules.plain_names = plain != nullptr && std::string_view{plain} == "1";
  rules.any_size = std::getenv("MAX_MCP_OUTPUT_TOKENS") != nullptr;
  return rules;
}

tool_servers::tool_servers(line_writer& lines, tool_rules rules)
  : lines_{lines},
    rules_{std::move(rules)} {}

void tool_servers::set(std::string& out, std::string_view request_id,
                       const std::vector<std::string>& names) {
  const auto is_in = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  std::vector<std::string> added;
  removed_.clear();
  for (const auto& name : order_)
    if (!is_in(names, name))
      removed_.push_back(name);
  for (const auto& name : names)
    if (!is_in(order_, name))
      added.push_back(name);
  for (const auto& name : removed_) {
    servers_.erase(name);
    std::erase_if(shakes_, [&](const handshake& each) { return each.server == name; });
  }
  order_ = names;
  line_writer::control_success(out, request_id,
                               R"({"added":)" + names_json(added) + R"(,"removed":)"
                                 + names_json(removed_) + R"(,"errors":{}})");
  for (const auto& name : added)
    begin(out, name);
  collect();
}

void tool_servers::begin(std::string& out, const std::string& server) {
  servers_.insert_or_assign(server, connection{});
  handshake shake{.server = server, .request_id = {}};
  shake.request_id = send(
    out, server,
    R"({"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},)"
    R"("clientInfo":{"name":"claude-code","title":"Claude Code","version":")"
      + lines_.version() + R"("}},"jsonrpc":"2.0","id":)" + std::to_string(next_id(server)) + "}");
  shakes_.push_back(std::move(shake));
}

bool tool_servers::take(std::string& out, const mcp_answer& answer) {
  const auto found = std::find_if(shakes_.begin(), shakes_.end(), [&](const handshake& each) {
    return each.request_id == answer.request_id;
  });
  if (found == shakes_.end())
    return false;
  advance(out, *found, answer);
  std::erase_if(shakes_, [](const handshake& each) { return each.at == stage::done; });
  collect();
  return true;
}

void tool_servers::advance(std::string& out, handshake& shake, const mcp_answer& answer) {
  auto& server = servers_[shake.server];
  if (answer.failed) {
    server.failed = true;
    shake.at = stage::done;
  } else if (shake.at == stage::initialize) {
    shake.at = stage::initialized;
    shake.request_id =
      send(out, shake.server, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  } else if (shake.at == stage::initialized) {
    shake.at = stage::list;
    shake.request_id = send(out, shake.server,
                            R"({"method":"tools/list","jsonrpc":"2.0","id":)"
                              + std::to_string(next_id(shake.server)) + "}");
  } else {
    shake.at = stage::done;
    server.connected = true;
    server.tools = answer.tools;
    // One schema that is no object's costs the whole list.
    if (std::any_of(server.tools.begin(), server.tools.end(),
                    [](const declared_tool& each) { return each.schema.empty(); }))
      server.tools.clear();
  }
}

bool tool_servers::connecting() const {
  return !shakes_.empty();
}

void tool_servers::connect_again(std::string& out) {
  std::vector<std::string> unfinished;
  for (const auto& each : shakes_)
    unfinished.push_back(each.server);
  for (const auto& server : unfinished)
    begin(out, server);
}

void tool_servers::give_up() {
  for (const auto& each : shakes_)
    servers_[each.server].failed = true;
  shakes_.clear();
  collect();
}

void tool_servers::collect() {
  tools_.clear();
  for (const auto& name : order_) { // the first server that has a name keeps it
    const auto found = servers_.find(name);
    if (found == servers_.end())
      continue;
    const bool allowed = std::find(rules_.allowed.begin(), rules_.allowed.end(), "mcp__" + name)
                         != rules_.allowed.end();
    for (const auto& tool : found->second.tools)
      tools_.try_emplace(name_of(name, tool.name), served_tool{name, tool, allowed});
  }
  show();
}

std::string tool_servers::name_of(const std::string& server, const std::string& tool) const {
  if (rules_.plain_names)
    return tool;
  auto name = "mcp__" + server + "__" + tool;
  for (char& each : name)
    if (std::isalnum(static_cast<unsigned char>(each)) == 0 && each != '-')
      each = '_';
  return name;
}

void tool_servers::show() {
  std::string tools = "[";
  for (const auto& [name, tool] : tools_) {
    if (tools.size() > 1)
      tools += ',';
    json::append_string(tools, name);
  }
  std::string servers = "[";
  for (const auto& name : order_) {
    const auto& server = servers_[name];
    servers.append(servers.size() > 1 ? "," : "").append(R"({"name":)");
    json::append_string(servers, name);
    servers.append(R"(,"status":")");
    servers.append(server.connected ? "connected" : server.failed ? "failed" : "pending");
    servers.append(lines_.newer() ? R"(","source":"sdk"})" : R"("})");
  }
  lines_.show_tools(tools += ']', servers += ']');
}

const served_tool* tool_servers::find(std::string_view name) const {
  const auto found = tools_.find(name);
  return found != tools_.end() ? &found->second : nullptr;
}

std::string tool_servers::offer() {
  if (lines_.newer()) // which forgets what a server offered once it is gone in a request
    std::erase_if(offered_, [this](const auto& each) { return !servers_.contains(each.first); });
  for (const auto& [name, served] : tools_)
    offered_[served.server][name] = api_tool(name, served.tool);
  std::map<std::string, std::string> all;
  for (const auto& [server, tools] : offered_)
    for (const auto& [name, tool] : tools)
      all.try_emplace(name, tool);
  for (const auto& [name, served] : tools_)
    all[name] = api_tool(name, served.tool);
  std::vector<std::pair<std::string, std::string>> sorted{all.begin(), all.end()};
  std::stable_sort(sorted.begin(), sorted.end(), before);
  std::string out = "[";
  for (const auto& [name, tool] : sorted)
    out.append(out.size() > 1 ? "," : "").append(tool);
  return out += ']';
}

std::string tool_servers::send(std::string& out, std::string_view server,
                               std::string_view message) {
  auto id = domain::random_uuid();
  line_writer::mcp_message(out, id, server, message);
  return id;
}

std::int64_t tool_servers::next_id(std::string_view server) {
  const auto found = servers_.find(server);
  return found != servers_.end() ? found->second.next_id++ : 0;
}

} // namespace ccapi::standin
