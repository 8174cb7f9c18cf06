// Which requests may be answered alike, and when two are equal.

#include "domain/cache/cache_key.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ccapi::domain {
namespace {

constexpr std::size_t no_limit = 1 << 20;

class form final : public answer_format {
public:
  explicit form(std::string asked)
    : answer_format{api_schema{}, {}, std::move(asked)} {}
  [[nodiscard]] std::optional<std::string> flaw_of(std::string_view) const override { return {}; }
};

std::string key_of(const chat_request& request, const cache_context& context = {}) {
  std::string key;
  EXPECT_TRUE(append_cache_key(request, context, no_limit, key));
  return key;
}

document_block paper(std::string title, std::uint64_t hash) {
  return {"text/plain", std::move(title), std::make_shared<const std::string>("hi"), {hash, 0}};
}

image_block picture(std::uint64_t hash) {
  return {.media_type = "image/png",
          .base64 = std::make_shared<const std::string>("AAAA"),
          .hash = {hash, 7}};
}

message results(std::string id, std::string text, std::uint64_t image, bool is_error = false) {
  message made;
  made.content.emplace_back(
    tool_result_block{.call_id = std::move(id),
                      .parts = {text_block{std::move(text)}, picture(image)},
                      .is_error = is_error});
  return made;
}

message calls(std::string id, std::string name, std::string arguments) {
  message made{role::assistant, "I look."};
  made.content.emplace_back(
    tool_use_block{std::move(id), std::move(name), std::move(arguments), {}});
  return made;
}

tool a_tool() {
  return {.name = "look",
          .api_name = "look",
          .description = "looks",
          .input_schema = R"({"type":"object"})",
          .strict = false};
}

/// Has something of everything.
chat_request full_request() {
  chat_request request{
    .request_id = "req-1",
    .tenant = "alice",
    .model = "sonnet",
    .system_prompt = "Be brief.",
    .messages = {{role::user, "one"}, calls("c1", "look", "{}"), results("c1", "seen", 1)},
    .sampling = {.temperature = 0.5, .top_p = 0.5, .stop = {"ab", "c"}, .max_tokens = 10},
    .conversation_id = std::nullopt};
  request.seed = 1;
  request.unheeded = "top_k:1,";
  request.reasoning = reasoning_effort::low;
  request.tools = tool_list{{a_tool()}};
  request.tool_choice = {.demand = tool_demand::named, .api_name = "look", .parallel = true};
  request.format = std::make_shared<form>("{}");
  return request;
}

using change = std::function<void(chat_request&)>;

tool_list changed_tool(const std::function<void(tool&)>& how) {
  auto made = a_tool();
  how(made);
  return tool_list{{made}};
}

std::map<std::string, change> changes() {
  using r = chat_request;
  return {
    {"tenant", [](r& q) { q.tenant = "bob"; }},
    {"no tenant", [](r& q) { q.tenant = ""; }},
    {"model", [](r& q) { q.model = "opus"; }},
    {"model given", [](r& q) { q.model_given = false; }},
    {"system prompt", [](r& q) { q.system_prompt = "Be long."; }},
    {"empty system prompt", [](r& q) { q.system_prompt = ""; }},
    {"no system prompt", [](r& q) { q.system_prompt.reset(); }},
    {"opening", [](r& q) { q.opening = opening::asked; }},
    {"question begins", [](r& q) { q.question_at.begin = 3; }},
    {"question size", [](r& q) { q.question_at.size = 3; }},
    {"text",
     [](r& q) {
       q.messages[0] = {role::user, "One"};
     }},
    {"text's end",
     [](r& q) {
       q.messages[0] = {role::user, "one "};
     }},
    {"role", [](r& q) { q.messages[0].role = role::assistant; }},
    {"blocks", [](r& q) { q.messages[0].content.emplace_back(text_block{"x"}); }},
    {"document", [](r& q) { q.messages[0].content.emplace_back(paper("a", 1)); }},
    {"another document", [](r& q) { q.messages[0].content.emplace_back(paper("a", 2)); }},
    {"document's title", [](r& q) { q.messages[0].content.emplace_back(paper("b", 1)); }},
    {"message more", [](r& q) { q.messages.emplace_back(role::user, "x"); }},
    {"message less", [](r& q) { q.messages.pop_back(); }},
    {"call id", [](r& q) { q.messages[1] = calls("c2", "look", "{}"); }},
    {"call name", [](r& q) { q.messages[1] = calls("c1", "see", "{}"); }},
    {"arguments", [](r& q) { q.messages[1] = calls("c1", "look", "{ }"); }},
    {"result id", [](r& q) { q.messages[2] = results("c2", "seen", 1); }},
    {"result text", [](r& q) { q.messages[2] = results("c1", "Seen", 1); }},
    {"result image", [](r& q) { q.messages[2] = results("c1", "seen", 2); }},
    {"result error", [](r& q) { q.messages[2] = results("c1", "seen", 1, true); }},
    {"temperature", [](r& q) { q.sampling.temperature = 0.25; }},
    {"temperature 0", [](r& q) { q.sampling.temperature = 0; }},
    {"no temperature", [](r& q) { q.sampling.temperature.reset(); }},
    {"top_p", [](r& q) { q.sampling.top_p = 0.25; }},
    {"no top_p", [](r& q) { q.sampling.top_p.reset(); }},
    {"stop's border",
     [](r& q) {
       q.sampling.stop = {"a", "bc"};
     }},
    {"no stop", [](r& q) { q.sampling.stop.clear(); }},
    {"max_tokens", [](r& q) { q.sampling.max_tokens = 11; }},
    {"no max_tokens", [](r& q) { q.sampling.max_tokens.reset(); }},
    {"seed", [](r& q) { q.seed = -1; }},
    {"no seed", [](r& q) { q.seed.reset(); }},
    {"unheeded", [](r& q) { q.unheeded = "top_k:2,"; }},
    {"reasoning", [](r& q) { q.reasoning = reasoning_effort::none; }},
    {"no reasoning", [](r& q) { q.reasoning.reset(); }},
    {"no tools", [](r& q) { q.tools = {}; }},
    {"tool name", [](r& q) { q.tools = changed_tool([](tool& t) { t.name = "l"; }); }},
    {"tool description", [](r& q) { q.tools = changed_tool([](tool& t) { t.description = ""; }); }},
    {"tool schema", [](r& q) { q.tools = changed_tool([](tool& t) { t.input_schema += ' '; }); }},
    {"tool strict", [](r& q) { q.tools = changed_tool([](tool& t) { t.strict = true; }); }},
    {"two tools",
     [](r& q) {
       q.tools = tool_list{{a_tool(), a_tool()}};
     }},
    {"choice", [](r& q) { q.tool_choice.demand = tool_demand::any; }},
    {"chosen", [](r& q) { q.tool_choice.api_name = "see"; }},
    {"parallel", [](r& q) { q.tool_choice.parallel = false; }},
    {"format", [](r& q) { q.format = std::make_shared<form>("{\"a\":1}"); }},
    {"any object", [](r& q) { q.format = std::make_shared<form>(""); }},
    {"no format", [](r& q) { q.format.reset(); }},
  };
}

TEST(cache_key, changes_with_every_single_field) {
  std::map<std::string, std::string> seen{{key_of(full_request()), "nothing changed"}};
  for (const auto& [name, apply] : changes()) {
    auto request = full_request();
    apply(request);
    const auto [there, is_new] = seen.emplace(key_of(request), name);
    EXPECT_TRUE(is_new) << name << " gives the key of: " << there->second;
  }
}

TEST(cache_key, does_not_change_with_what_has_no_part_in_the_answer) {
  auto request = full_request();
  request.request_id = "req-2";
  request.in_one_piece = true;
  EXPECT_EQ(key_of(request), key_of(full_request()));
}

TEST(cache_key, changes_with_the_gateway_s_part) {
  auto request = full_request();
  request.system_prompt.reset();
  std::vector<cache_context> contexts{
    {},
    {.default_system_prompt = "Hi", .cli_version = {}},
    {.default_system_prompt = {}, .cli_version = "2.1.330"},
    {.default_system_prompt = {}, .cli_version = {}, .unasked = thinking_default::off}};
  for (const auto parameter : {&refused_parameters::temperature, &refused_parameters::top_p,
                               &refused_parameters::stop, &refused_parameters::effort,
                               &refused_parameters::thinking_off, &refused_parameters::tool_choice})
    contexts.emplace_back().refused.*parameter = true;
  std::map<std::string, std::size_t> seen;
  for (const auto& context : contexts)
    EXPECT_TRUE(seen.emplace(key_of(request, context), seen.size()).second) << seen.size();
  const auto given = full_request();
  EXPECT_EQ(key_of(given, contexts[1]), key_of(given))
    << "the default prompt says nothing where there is one";
}

/// Requests of tiny texts, which are equal often and nearly equal more often.
chat_request random_request(std::minstd_rand& dice) {
  const auto below = [&](unsigned bound) { return static_cast<std::size_t>(dice() % bound); };
  const auto text = [&] { return std::string(below(3), "ab"[below(2)]); };
  chat_request made{.request_id = {},
                    .tenant = text(),
                    .model = text(),
                    .system_prompt = std::nullopt,
                    .messages = {},
                    .sampling = {},
                    .conversation_id = std::nullopt};
  if (below(2) > 0)
    made.system_prompt = text();
  for (auto count = 1 + below(2); count > 0; --count) {
    message each{below(2) > 0 ? role::user : role::assistant, text()};
    for (auto more = below(2); more > 0; --more)
      each.content.emplace_back(text_block{text()});
    made.messages.push_back(std::move(each));
  }
  for (auto count = below(3); count > 0; --count)
    made.sampling.stop.push_back(text());
  made.unheeded = text();
  return made;
}

TEST(cache_key, is_equal_only_where_all_fields_are) {
  const auto fields = [](const chat_request& of) {
    return std::tuple{of.tenant, of.model, of.system_prompt, of.sampling, of.unheeded};
  };
  std::minstd_rand dice{1};
  std::size_t equal = 0;
  std::vector<std::pair<chat_request, std::string>> requests;
  for (int i = 0; i < 700; ++i) {
    auto made = random_request(dice);
    auto key = key_of(made);
    requests.emplace_back(std::move(made), std::move(key));
  }
  for (const auto& [a, a_key] : requests)
    for (const auto& [b, b_key] : requests) {
      const bool same = fields(a) == fields(b) && a.messages == b.messages;
      ASSERT_EQ(a_key == b_key, same);
      equal += same ? 1U : 0U;
    }
  EXPECT_GT(equal, requests.size()) << "no two of them were equal: this shows nothing";
}

TEST(cache_key, of_a_request_that_is_too_long_is_none) {
  const auto size = key_of(full_request()).size();
  std::string key;
  EXPECT_TRUE(append_cache_key(full_request(), {}, size, key));
  key.clear();
  EXPECT_FALSE(append_cache_key(full_request(), {}, size - 1, key));
  EXPECT_LT(key.size(), size);
}

TEST(cache_key, hashes_are_of_use_to_their_hasher_only) {
  const cache_hasher one;
  const cache_hasher other;
  EXPECT_EQ(one("abc"), one("abc"));
  EXPECT_FALSE(one("abc") == one("abd"));
  EXPECT_FALSE(one("abc") == other("abc"));
}

TEST(cache_key, is_made_for_what_asks_for_equal_answers) {
  chat_request plain{.request_id = {},
                     .model = "m",
                     .system_prompt = std::nullopt,
                     .messages = {{role::user, "q"}},
                     .sampling = {},
                     .conversation_id = std::nullopt};
  EXPECT_FALSE(may_be_cached(plain, false)) << "regenerate must give another answer";
  EXPECT_TRUE(may_be_cached(plain, true));
  auto seeded = plain;
  seeded.seed = 7;
  EXPECT_TRUE(may_be_cached(seeded, false));
  auto cold = plain;
  cold.sampling.temperature = 0;
  EXPECT_TRUE(may_be_cached(cold, false));
  cold.sampling.temperature = 0.1;
  EXPECT_FALSE(may_be_cached(cold, false));
  auto with_tools = seeded;
  with_tools.tools = tool_list{{a_tool()}};
  EXPECT_FALSE(may_be_cached(with_tools, false));
  EXPECT_TRUE(may_be_cached(with_tools, true));
  for (const bool any : {false, true}) {
    auto named = seeded;
    named.conversation_id = "c";
    EXPECT_FALSE(may_be_cached(named, any));
    auto strict = seeded;
    strict.strict = true;
    EXPECT_FALSE(may_be_cached(strict, any));
  }
}

} // namespace
} // namespace ccapi::domain
