#include "cli_request.hpp"

#include "tool_pairs.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace api_rules {

namespace json = boost::json;

namespace {

/// What the CLI sends with a model unless told otherwise.
struct defaults {
  int max_tokens = 64'000;
  std::string_view effort = "high";
  bool budget = false;    ///< thinking with a budget, not adaptive
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

json::object text_block(std::string_view text) {
  return {{"type", "text"}, {"text", text}};
}

/// What the CLI sends in place of an empty message of the user.
constexpr std::string_view no_content = "(no content)";

/// White space only; the CLI sends no such text.
bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

bool is_block(const json::value& block, std::string_view type) {
  return block.as_object().at("type").as_string() == type;
}

/// Neighbouring messages of a user as one, blank texts left out.
json::array joined(std::vector<said> dialogue) {
  json::array messages;
  std::string_view last_role;
  for (auto& [role, content] : dialogue) {
    const bool empty = content.empty();
    content.erase(std::remove_if(content.begin(), content.end(),
                                 [](const json::value& block) {
                                   return is_block(block, "text")
                                          && is_blank(block.as_object().at("text").as_string());
                                 }),
                  content.end());
    if (content.empty() && !(empty && role == "user"))
      continue;
    if (content.empty())
      content.push_back(text_block(no_content));
    if (role == "user" && last_role == "user")
      for (auto& block : content)
        messages.back().as_object().at("content").as_array().push_back(std::move(block));
    else
      messages.push_back(json::object{{"role", role}, {"content", std::move(content)}});
    last_role = role;
  }
  if (messages.empty())
    messages.push_back(
      json::object{{"role", "user"}, {"content", json::array{text_block(no_content)}}});
  return messages;
}

json::array messages_of(std::vector<said> dialogue, const json::value& directive) {
  auto messages = paired(joined(std::move(dialogue)));
  if (!directive.is_null())
    messages.insert(messages.begin() + 1, directive);
  return messages;
}

json::array system_of(std::string_view prompt) {
  json::array blocks;
  blocks.push_back(text_block("You are a Claude agent, built on Anthropic's Claude Agent SDK."));
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

json::array betas_of(const cli_state& state) {
  json::array betas{"claude-code-20250219", "interleaved-thinking-2025-05-14", "effort-2025-11-24"};
  if (!state.newer)
    betas.emplace_back("mid-conversation-system-2026-04-07");
  if (!state.experimental_betas)
    return betas;
  betas.emplace_back("context-management-2025-06-27");
  if (state.newer) {
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

said::said(std::string_view who, std::string_view text)
  : role{who} {
  if (!text.empty())
    content.push_back(text_block(text));
}

request compose(cli_state state) {
  const auto own = defaults_of(state.model, state.newer);
  const auto effort = state.effort.empty() || own.effort.empty() ? own.effort : state.effort;
  json::value directive;
  if (own.directive && state.experimental_betas)
    directive = json::object{{"role", "system"},
                             {"content", json::array()},
                             {"output_config", json::object{{"effort", effort}}}};
  json::object body{{"model", state.model},
                    {"messages", messages_of(std::move(state.messages), directive)},
                    {"system", system_of(state.system_prompt)},
                    {"tools", std::move(state.tools)},
                    {"metadata", json::object{{"user_id", "fake"}}},
                    {"max_tokens", own.max_tokens},
                    {"thinking", thinking_of(own, state.newer && state.experimental_betas)}};
  if (state.experimental_betas)
    body["context_management"] = json::object{
      {"edits", json::array{json::object{{"type", "clear_thinking_20251015"}, {"keep", "all"}}}}};
  if (!effort.empty())
    body["output_config"] = json::object{{"effort", effort}};
  body["stream"] = true;
  merge(body, state.extra_body);
  request made;
  made.body = std::move(body);
  made.betas = betas_of(state);
  return made;
}

} // namespace api_rules
