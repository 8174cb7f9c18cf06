#include "reply.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace fake_claude {

namespace json = boost::json;

namespace {

constexpr std::string_view counting[] = {"text", "mark", "big", "utf8", "bad_utf8", "size"};

std::string_view text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view{value->get_string()}
                                                : std::string_view{};
}

const json::array& list_at(const json::object& object, std::string_view key) {
  static const json::array none;
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::size_t count_of(const json::object& message, std::string_view type) {
  const auto& blocks = list_at(message, "content");
  return static_cast<std::size_t>(
    std::count_if(blocks.begin(), blocks.end(), [type](const json::value& each) {
      return each.is_object() && text_at(each.get_object(), "type") == type;
    }));
}

std::string part_text(const json::value& part) {
  const auto& block = part.as_object();
  if (text_at(block, "type") == "text")
    return std::string{text_at(block, "text")};
  std::string kind;
  std::size_t size = 0;
  if (const auto* source = block.if_contains("source"); source != nullptr && source->is_object()) {
    kind = text_at(source->get_object(), "media_type");
    size = text_at(source->get_object(), "data").size();
  }
  return "[" + std::string{text_at(block, "type")} + " " + kind + " " + std::to_string(size) + "]";
}

std::string result_line(const json::object& block) {
  std::string line{text_at(block, "tool_use_id")};
  if (const auto* failed = block.if_contains("is_error"); failed != nullptr && *failed == true)
    line += " failed";
  line += ": ";
  line += text_at(block, "content");
  bool first = true;
  for (const auto& part : list_at(block, "content"))
    line.append(std::exchange(first, false) ? "" : "|").append(part_text(part));
  return line;
}

/// What came of the last message of a user that has a text.
struct progress {
  std::size_t uses = 0;
  std::int64_t steps = 0;
  std::string results;
  std::string newest;
};

void add_results(std::string& lines, const json::object& message) {
  for (const auto& block : list_at(message, "content"))
    if (block.is_object() && text_at(block.get_object(), "type") == "tool_result")
      lines.append("\n").append(result_line(block.get_object()));
}

progress progress_of(const json::array& messages) {
  progress made;
  bool within = false;
  for (const auto& each : messages) {
    const auto& message = each.as_object();
    const auto role = text_at(message, "role");
    if (role == "system")
      continue;
    made.newest.clear();
    if (role == "user" && count_of(message, "text") > 0) {
      made.uses = 0;
      made.steps = 0;
      made.results.clear();
      within = false;
    } else {
      const auto uses = role == "assistant" ? count_of(message, "tool_use") : 0;
      made.uses += uses;
      made.steps += uses > 0 && !within ? 1 : 0;
      within = uses > 0;
      add_results(made.results, message);
    }
    add_results(made.newest, message);
  }
  return made;
}

std::string example_of(const json::value& schema) {
  if (const auto* choices = schema.as_object().if_contains("enum");
      choices != nullptr && choices->is_array() && !choices->get_array().empty())
    return json::serialize(choices->get_array().front());
  auto kind = text_at(schema.as_object(), "type");
  if (const auto& kinds = list_at(schema.as_object(), "type"); !kinds.empty())
    kind = kinds.front().is_string() ? std::string_view{kinds.front().get_string()} : "";
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> examples{
    {{"integer", "1"},
     {"number", "1.5"},
     {"boolean", "true"},
     {"array", "[]"},
     {"object", "{}"},
     {"null", "null"}}};
  for (const auto& [name, example] : examples)
    if (name == kind)
      return std::string{example};
  return "\"example\"";
}

/// Arguments with what the schema requires.
std::string arguments_for(const json::object& tool) {
  const auto* schema = tool.if_contains("input_schema");
  if (schema == nullptr || !schema->is_object())
    return {};
  const auto* known = schema->get_object().if_contains("properties");
  std::string made;
  for (const auto& name : list_at(schema->get_object(), "required")) {
    if (!name.is_string())
      continue;
    const auto* property = known != nullptr && known->is_object()
                             ? known->get_object().if_contains(name.get_string())
                             : nullptr;
    made.append(made.empty() ? "{" : ", ").append(json::serialize(name)).append(": ");
    made += property != nullptr && property->is_object() ? example_of(*property) : "\"example\"";
  }
  return made.empty() ? made : made + "}";
}

/// Tools of a request that have a name.
std::vector<const json::object*> tools_of(const json::object& body) {
  std::vector<const json::object*> found;
  for (const auto& tool : list_at(body, "tools"))
    if (tool.is_object() && tool.get_object().contains("name"))
      found.push_back(&tool.get_object());
  return found;
}

std::vector<call_wanted> step_of(const script& how, std::int64_t done,
                                 const std::vector<const json::object*>& tools) {
  std::vector<call_wanted> calls;
  if (done >= how.number("steps", 0))
    return calls;
  const auto parallel = std::max<std::int64_t>(how.number_part("steps", 1, 1), 0);
  for (std::int64_t at = 0; at < parallel; ++at) {
    const auto which = static_cast<std::size_t>(done * parallel + at) % tools.size();
    calls.push_back({std::string{text_at(*tools[which], "name")},
                     R"({"step": )" + std::to_string(done + 1) + R"(, "number": )"
                       + std::to_string(at + 1) + "}"});
  }
  return calls;
}

/// As tool_choice allows or wants them.
std::vector<call_wanted> calls_due(const script& how, const json::object& body,
                                   const progress& made) {
  static const json::object none;
  const auto tools = tools_of(body);
  const auto* given = body.if_contains("tool_choice");
  const auto& choice = given != nullptr && given->is_object() ? given->get_object() : none;
  const auto kind = text_at(choice, "type");
  std::vector<call_wanted> due;
  if (kind == "none" || tools.empty())
    return due;
  if (how.has("steps"))
    due = step_of(how, made.steps, tools);
  else if (made.uses < how.calls().size())
    due.assign(how.calls().begin() + static_cast<std::ptrdiff_t>(made.uses), how.calls().end());
  const auto name = text_at(choice, "name");
  if (kind == "tool")
    std::erase_if(due, [name](const call_wanted& each) { return each.name != name; });
  if (due.empty() && (kind == "tool" || kind == "any"))
    for (const auto* tool : tools)
      if (kind == "any" || text_at(*tool, "name") == name) {
        due.push_back({std::string{text_at(*tool, "name")}, arguments_for(*tool)});
        break;
      }
  const auto* alone = choice.if_contains("disable_parallel_tool_use");
  if (alone != nullptr && *alone == true && due.size() > 1)
    due.resize(1);
  return due;
}

/// The script asks for certain tokens, and not for a text.
bool counts_out(const script& how) {
  return std::any_of(std::begin(counting), std::end(counting),
                     [&how](std::string_view name) { return how.has(name); });
}

} // namespace

reply reply_to(const script& how, const json::object& body, std::string otherwise) {
  const auto made = progress_of(list_at(body, "messages"));
  reply said;
  said.text = std::move(otherwise);
  said.calls = calls_due(how, body, made);
  if (!said.calls.empty()) {
    const bool tells = how.text("told") == "always";
    if (!tells)
      said.text = how.text("say"); // the rest is for the last answer
    said.scripted = !tells;
    said.silent =
      !tells && !how.has("text") && !how.has("say") && !how.has("big") && !how.has("utf8");
    const auto* thinking = body.if_contains("thinking");
    said.thinks = thinking != nullptr && thinking->is_object()
                  && text_at(thinking->get_object(), "type") == "enabled";
  } else if (how.has("dialogue") || how.has("request") || how.has("told")) {
    said.scripted = counts_out(how);
  } else if (!made.results.empty()) {
    said.text = "Results:" + made.results;
    said.scripted = false;
  } else if (!made.newest.empty() && !how.directed()) {
    said.text = "Results:" + made.newest + "\n" + said.text;
  }
  return said;
}

} // namespace fake_claude
