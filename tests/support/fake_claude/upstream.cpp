#include "upstream.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace fake_claude {

namespace json = boost::json;

namespace {

/// What the CLI sends with a model unless told otherwise.
struct defaults {
  int max_tokens = 64'000;
  std::string_view effort = "high";
  bool budget = false;   ///< thinking with a budget, not adaptive
  bool directive = false; ///< a message of role system carries the effort, too
};

template <std::size_t N>
bool is_one_of(std::string_view model, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return model == name || (model.starts_with(name) && model.substr(name.size()).size() == 9);
  });
}

defaults defaults_of(std::string_view model, bool newer) {
  using namespace std::string_view_literals;
  if (is_one_of(model, std::array{"claude-opus-5-5"sv, "claude-sonnet-5-5"sv, "claude-haiku-5-5"sv,
                                  "claude-fable-5-2"sv, "claude-mythos-5-2"sv}))
    return newer ? defaults{128'000, "medium", false, true} : defaults{};
  if (is_one_of(model, std::array{"claude-fable-5-1"sv, "claude-mythos-5-1"sv}))
    return {.directive = newer};
  if (is_one_of(model, std::array{"claude-sonnet-4-5"sv, "claude-haiku-4-5"sv}))
    return {32'000, "", true, false};
  if (is_one_of(model, std::array{"claude-opus-4-5"sv}))
    return {32'000, "high", true, false};
  if (is_one_of(model, std::array{"claude-opus-4-7"sv}))
    return {.effort = "xhigh"};
  if (is_one_of(model, std::array{"claude-opus-5"sv}))
    return {.max_tokens = newer ? 64'000 : 32'000};
  if (is_one_of(model, std::array{"claude-sonnet-5"sv, "claude-fable-5"sv, "claude-mythos-5"sv,
                                  "claude-opus-4-8"sv, "claude-opus-4-6"sv}))
    return {};
  return {.max_tokens = 32'000}; // claude-sonnet-4-6, and names that the CLI does not know
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' && std::string_view{value} != "0";
}

json::object text_block(std::string_view text) {
  return {{"type", "text"}, {"text", text}};
}

/// White space only; the CLI sends no such text.
bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

json::array messages_of(const dialogue& said, const json::value& directive) {
  json::array messages;
  std::string last_role;
  for (const auto& message : said.messages()) {
    if (is_blank(message.text) && !(message.text.empty() && message.role == "user"))
      continue;
    auto block = text_block(message.text.empty() ? "(no content)" : message.text);
    if (message.role == "user" && last_role == "user")
      messages.back().as_object().at("content").as_array().push_back(std::move(block));
    else
      messages.push_back(json::object{{"role", message.role}, {"content", json::array{block}}});
    last_role = message.role;
  }
  if (messages.empty())
    messages.push_back(
      json::object{{"role", "user"}, {"content", json::array{text_block("(no content)")}}});
  if (!directive.is_null())
    messages.insert(messages.begin() + 1, directive);
  return messages;
}

json::array system_of(std::string_view prompt) {
  json::array blocks;
  blocks.push_back(
    text_block("You are a Claude agent, built on Anthropic's Claude Agent SDK."));
  if (!prompt.empty())
    blocks.push_back(text_block(prompt));
  return blocks;
}

json::object thinking_of(const defaults& own, bool with_display) {
  json::object thinking;
  if (own.budget)
    thinking = {{"type", "enabled"}, {"budget_tokens", own.max_tokens - 1}};
  else
    thinking = {{"type", "adaptive"}};
  if (with_display)
    thinking["display"] = "updates";
  return thinking;
}

json::array betas_of(const request_parts& parts, bool experimental) {
  json::array betas{"claude-code-20250219", "interleaved-thinking-2025-05-14",
                    "effort-2025-11-24"};
  if (!parts.newer)
    betas.emplace_back("mid-conversation-system-2026-04-07");
  if (!experimental)
    return betas;
  betas.emplace_back("context-management-2025-06-27");
  if (parts.newer) {
    betas.emplace_back("per-turn-control-2026-07-01");
    betas.emplace_back("thinking-display-updates-2026-08-18");
  }
  return betas;
}

/// EXTRA_BODY replaces what is there, but for output_config: that is completed.
void merge(json::object& body, const json::object& extra) {
  for (const auto& member : extra) {
    const auto* config = member.key() == "output_config" ? member.value().if_object() : nullptr;
    if (config != nullptr && body.contains("output_config"))
      for (const auto& field : *config)
        body["output_config"].as_object()[field.key()] = field.value();
    else
      body[member.key()] = member.value();
  }
}

} // namespace

api_rules::request compose(const request_parts& parts, const dialogue& said) {
  const auto own = defaults_of(parts.model, parts.newer);
  const bool experimental = !is_set("CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS");
  const auto effort = parts.effort.empty() || own.effort.empty() ? own.effort : parts.effort;
  json::value directive;
  if (own.directive && experimental)
    directive = json::object{{"role", "system"},
                             {"content", json::array()},
                             {"output_config", json::object{{"effort", effort}}}};
  json::object body{{"model", parts.model},
                    {"messages", messages_of(said, directive)},
                    {"system", system_of(parts.system_prompt)},
                    {"tools", json::array()},
                    {"metadata", json::object{{"user_id", "fake"}}},
                    {"max_tokens", own.max_tokens},
                    {"thinking", thinking_of(own, parts.newer && experimental)}};
  if (experimental)
    body["context_management"] = json::object{
      {"edits", json::array{json::object{{"type", "clear_thinking_20251015"}, {"keep", "all"}}}}};
  if (!effort.empty())
    body["output_config"] = json::object{{"effort", effort}};
  body["stream"] = true;
  merge(body, parts.extra_body);
  api_rules::request made;
  made.body = std::move(body);
  made.betas = betas_of(parts, experimental);
  return made;
}

std::optional<api_rules::refusal> refusal_of(const api_rules::request& what) {
  const char* strict = std::getenv("ANTHROPIC_FAKE_STRICT");
  if (strict != nullptr && std::string_view{strict} == "0")
    return std::nullopt;
  static const api_rules::rule_book rules{api_rules::default_file()};
  return rules.check(what);
}

} // namespace fake_claude
