#include "openai/tool_list.hpp"

#include "dialect/tool_schema.hpp"
#include "domain/utf8_character.hpp"
#include "json/writer.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;
using json::field_reader;

namespace {

constexpr std::size_t name_bytes_max = 256;
/// Of a tool upstream, beside its texts.
constexpr std::size_t frame_bytes = 56;
constexpr std::string_view open_schema = R"({"type":"object","properties":{}})";

/// The schema of a custom tool, whose argument is one text.
std::string custom_schema(std::string_view grammar) {
  std::string schema{R"({"type":"object","properties":{")"};
  schema.append(custom_argument).append(R"(":{"type":"string")");
  if (!grammar.empty()) {
    schema += R"(,"description":)";
    json::append_string(schema, "Must match this grammar:\n" + std::string{grammar});
  }
  schema.append(R"(}},"required":[")").append(custom_argument);
  return schema += R"("],"additionalProperties":false})";
}

std::size_t bytes_of(const domain::tool& tool) {
  std::string description;
  json::append_string(description, tool.description);
  return frame_bytes + tool.api_name.size() + description.size() + tool.input_schema.size();
}

/// Puts the tools of a request together.
class collector {
public:
  collector(const dialect::parse_context& context, tool_wishes& wishes)
    : context_{context},
      wishes_{wishes} {}

  /// The items of the array `name`; each is read by `read_one`.
  template <class ReadOne>
  void read(field_reader& body, std::string_view name, ReadOne read_one) {
    const auto items = body.array(name);
    if (!items)
      return;
    if (items->size() > context_.tools_max)
      return body.fail_value(body.path_of(name, context_.tools_max),
                             "at most " + std::to_string(context_.tools_max)
                               + " tools are allowed (limits.tools_max)");
    body.each_object(name, *items, [&](field_reader& entry) { (this->*read_one)(entry); });
  }

  /// An item of `tools`.
  void read_tool(field_reader& entry) {
    const auto type = entry.string("type");
    if (entry.failed())
      return;
    if (type && *type != "function" && *type != "custom")
      return entry.fail_unsupported(entry.path_of("type"),
                                    "Only tools of type function and custom can be taken here.");
    const bool custom = type == "custom" && !entry.any("input_schema");
    const auto inner = entry.object(custom ? "custom" : "function");
    if (!inner)
      return custom ? read_custom(entry) : read_function(entry);
    field_reader nested{*inner, entry.path_of(custom ? "custom" : "function")};
    custom ? read_custom(nested) : read_function(nested);
    if (nested.failed())
      entry.fail(nested.take_failure());
  }

  /// An item of `functions`, or what a tool says of its function.
  void read_function(field_reader& function) {
    auto tool = begin(function);
    if (!tool)
      return;
    std::string_view member = "parameters";
    for (const std::string_view other : {"input_schema", "inputSchema"}) // Anthropic's and MCP's
      if (!function.any(member))
        member = other;
    const auto schema = function.any(member);
    dom::object members;
    if (!schema || (schema->get(members) == simdjson::SUCCESS && members.size() == 0)) {
      tool->input_schema = open_schema;
    } else if (auto problem = dialect::problem_of(*schema)) {
      auto place = function.path_of(member);
      if (!problem->place.empty())
        place.append(".").append(problem->place);
      return function.fail_value(std::move(place),
                                 "the schema of tool '" + tool->name + "': it " + problem->rule);
    } else {
      tool->input_schema = simdjson::minify(*schema);
    }
    if (function.boolean("strict").value_or(false)) {
      tool->strict = schema && dialect::add_strict(*schema, strict_);
      if (!tool->strict)
        adjust("tools(strict)");
    }
    add(function, *std::move(tool));
  }

  domain::tool_list take() {
    return tools_.empty() ? domain::tool_list{} : domain::tool_list{std::exchange(tools_, {})};
  }

private:
  void read_custom(field_reader& custom) {
    auto tool = begin(custom);
    if (!tool)
      return;
    tool->input_schema = custom_schema(read_grammar(custom));
    wishes_.style.custom.push_back(tool->name);
    add(custom, *std::move(tool));
  }

  /// The text of the grammar that a custom tool's input is to match, if there is one.
  std::string_view read_grammar(field_reader& custom) {
    const auto object = custom.object("format");
    if (!object)
      return {};
    field_reader format{*object, custom.path_of("format")};
    std::string_view text;
    if (format.string("type").value_or("text") == "grammar") {
      adjust("tools(grammar)"); // told, but not enforced
      const auto inner = format.object("grammar");
      field_reader grammar{inner.value_or(*object), format.path_of("grammar")};
      text = grammar.string("definition").value_or("");
      if (grammar.failed())
        format.fail(grammar.take_failure());
    }
    if (format.failed())
      custom.fail(format.take_failure());
    return text;
  }

  /// Name and description; nothing on failure.
  std::optional<domain::tool> begin(field_reader& from) {
    const auto name = from.required_string("name");
    const auto description = from.string("description").value_or("");
    if (from.failed())
      return std::nullopt;
    if (name->empty() || name->size() > name_bytes_max) {
      from.fail_value(from.path_of("name"),
                      "must be 1 to " + std::to_string(name_bytes_max) + " bytes");
      return std::nullopt;
    }
    return domain::tool{.name = std::string{*name},
                        .api_name = domain::api_tool_name(*name),
                        .description = std::string{description},
                        .input_schema = {}};
  }

  void add(field_reader& from, domain::tool tool) {
    if (from.failed())
      return;
    if (!names_.insert(tool.api_name).second)
      return from.fail_value(from.path_of("name"),
                             "there is more than one tool '" + tool.name + "'");
    bytes_ += bytes_of(tool);
    if (bytes_ > context_.tools_bytes_max)
      return from.fail_value(from.path_of("name"), "with tool '" + tool.name
                                                     + "' the tools are larger than "
                                                     + std::to_string(context_.tools_bytes_max)
                                                     + " bytes (limits.tools_bytes_max)");
    tools_.push_back(std::move(tool));
  }

  void adjust(std::string_view what) {
    auto& adjusted = wishes_.adjusted;
    if (std::find(adjusted.begin(), adjusted.end(), what) == adjusted.end())
      adjusted.emplace_back(what);
  }

  const dialect::parse_context& context_;
  tool_wishes& wishes_;
  std::vector<domain::tool> tools_;
  std::unordered_set<std::string> names_; ///< as the API is told of them
  std::size_t bytes_ = 0;
  dialect::strict_budget strict_;
};

/// tool_choice and function_call.
class choice_reader {
public:
  explicit choice_reader(tool_wishes& wishes)
    : wishes_{wishes} {}

  void read(field_reader& body, std::string_view name) {
    const auto value = body.any(name);
    if (!value)
      return;
    if (std::string_view word; value->get(word) == simdjson::SUCCESS)
      return read_word(body, body.path_of(name), word);
    dom::object object;
    if (value->get(object) != simdjson::SUCCESS)
      return body.fail_type(body.path_of(name), "a string or an object", *value);
    field_reader choice{object, body.path_of(name)};
    if (name == "function_call")
      name_one(choice);
    else
      read_kind(choice);
    if (choice.failed())
      body.fail(choice.take_failure());
  }

private:
  void read_word(field_reader& body, std::string path, std::string_view word) {
    if (word == "none") {
      wishes_.tools = {};
    } else if (word == "required" || word == "any") {
      if (has_tools(body, std::move(path)))
        wishes_.choice.demand = domain::tool_demand::any;
    } else if (word != "auto") {
      body.fail_value(std::move(path), "must be auto, none, required, or name a tool");
    }
  }

  void read_kind(field_reader& choice) {
    const auto type = choice.required_string("type");
    if (!type)
      return;
    if (choice.boolean("disable_parallel_tool_use").value_or(false)) // Anthropic's
      wishes_.choice.parallel = false;
    if (*type == "function" || *type == "custom" || *type == "tool")
      inside(choice, *type, [this](field_reader& place) { name_one(place); });
    else if (*type == "allowed_tools")
      inside(choice, *type, [this](field_reader& place) { narrow(place); });
    else if (*type == "auto" || *type == "any" || *type == "none")
      read_word(choice, choice.path_of("type"), *type);
    else
      choice.fail_value(choice.path_of("type"),
                        "must be function, custom, allowed_tools, auto, any or none");
  }

  /// Reads the member of the type's name if there is one, else what stands beside the type.
  template <class Read>
  static void inside(field_reader& choice, std::string_view type, Read read) {
    const auto inner = choice.object(type);
    if (!inner)
      return read(choice);
    field_reader nested{*inner, choice.path_of(type)};
    read(nested);
    if (nested.failed())
      choice.fail(nested.take_failure());
  }

  void name_one(field_reader& place) {
    const auto* const tool = find(place);
    if (!tool)
      return;
    wishes_.choice.demand = domain::tool_demand::named;
    wishes_.choice.api_name = tool->api_name;
  }

  void narrow(field_reader& place) {
    const auto mode = place.string("mode").value_or("auto");
    const auto items = place.array("tools");
    if (place.failed() || !has_tools(place, place.path_of("tools")))
      return;
    if (mode != "auto" && mode != "required")
      return place.fail_value(place.path_of("mode"), "must be auto or required");
    if (!items || items->size() == 0)
      return place.fail_value(place.path_of("tools"), "must name a tool");
    std::unordered_set<std::string_view> allowed;
    place.each_object("tools", *items, [&](field_reader& entry) {
      const auto type = entry.string("type").value_or("function");
      inside(entry, type, [&](field_reader& named) {
        if (const auto* const tool = find(named))
          allowed.insert(tool->api_name);
      });
    });
    if (place.failed())
      return;
    std::vector<domain::tool> kept;
    for (const auto& tool : wishes_.tools)
      if (allowed.contains(tool.api_name))
        kept.push_back(tool);
    wishes_.declared = std::exchange(wishes_.tools, domain::tool_list{std::move(kept)});
    if (mode == "required")
      wishes_.choice.demand = domain::tool_demand::any;
  }

  /// The tool whose name `place` has.
  const domain::tool* find(field_reader& place) {
    const auto name = place.required_string("name");
    if (!name || !has_tools(place, place.path_of("name")))
      return nullptr;
    const auto* const found =
      std::find_if(wishes_.tools.begin(), wishes_.tools.end(),
                   [&](const domain::tool& each) { return each.name == *name; });
    if (found != wishes_.tools.end())
      return found;
    place.fail_value(place.path_of("name"),
                     "there is no tool '"
                       + std::string{domain::whole_characters(*name, name_bytes_max)} + "'");
    return nullptr;
  }

  bool has_tools(field_reader& place, std::string path) {
    if (!wishes_.tools.empty())
      return true;
    place.fail_value(std::move(path), "there are no tools to choose from");
    return false;
  }

  tool_wishes& wishes_;
};

} // namespace

tool_wishes read_tools(field_reader& body, const dialect::parse_context& context) {
  tool_wishes wishes;
  collector collected{context, wishes};
  collected.read(body, "tools", &collector::read_tool);
  wishes.tools = collected.take();
  const auto functions = body.array("functions");
  if (functions && functions->size() > 0) {
    if (!wishes.tools.empty())
      body.fail_value(body.path_of("functions"), "must not stand beside 'tools'");
    collected.read(body, "functions", &collector::read_function);
    wishes.tools = collected.take();
    wishes.style.legacy = true;
  }
  wishes.choice.parallel =
    body.boolean("parallel_tool_calls").value_or(true) && !wishes.style.legacy;
  choice_reader choice{wishes};
  choice.read(body, "tool_choice");
  choice.read(body, "function_call");
  return wishes;
}

} // namespace ccapi::openai
