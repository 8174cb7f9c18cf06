// Model names, ids and where conversations live.

#include "domain/blank.hpp"
#include "domain/conversation_info.hpp"
#include "domain/ids.hpp"
#include "domain/model_catalog.hpp"
#include "domain/placement.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ccapi::domain {
namespace {

model_catalog catalog() {
  return model_catalog{
    "sonnet",
    {{"gpt-4-special", "opus"}, {"gpt-*", "default"}, {"o?-*", "haiku"}, {"evil", "--settings"}},
    {"sonnet", "claude-opus-4-6"}};
}

std::string resolved(std::string_view name) {
  const auto result = catalog().resolve(name);
  return result ? *result : "error:" + std::string{to_string(result.error().code)};
}

TEST(model_catalog, resolves_aliases_exact_first_then_globs) {
  EXPECT_EQ(resolved("gpt-4-special"), "opus");
  EXPECT_EQ(resolved("gpt-4o"), "sonnet");
  EXPECT_EQ(resolved("o3-mini"), "haiku");
}

TEST(model_catalog, absent_and_default_are_the_default_model) {
  EXPECT_EQ(resolved(""), "sonnet");
  EXPECT_EQ(resolved("default"), "sonnet");
}

TEST(model_catalog, passes_claude_names_and_cli_aliases) {
  EXPECT_EQ(resolved("claude-next-9"), "claude-next-9");
  EXPECT_EQ(resolved("claude-opus-4-6"), "claude-opus-4-6");
  EXPECT_EQ(resolved("opus"), "opus");
  EXPECT_EQ(resolved("sonnet[1m]"), "sonnet[1m]");
}

TEST(model_catalog, refuses_everything_else_and_whatever_is_unsafe_in_argv) {
  for (const auto* name :
       {"--version", "-p", "mistral", "claude-x y", "claude-\n", "evil", "claude-$(id)", "o"})
    EXPECT_EQ(resolved(name), "error:model_not_found") << name;
}

TEST(model_catalog, case_and_the_provider_in_front_do_not_count) {
  for (const auto& [name, expected] :
       {std::pair{"Sonnet", "sonnet"}, std::pair{"OPUS", "opus"}, std::pair{"GPT-4o", "sonnet"},
        std::pair{"Claude-Opus-4-6", "claude-opus-4-6"}, std::pair{"Default", "sonnet"},
        std::pair{"openai/sonnet", "sonnet"}, std::pair{"OpenAI/GPT-4-Special", "opus"},
        std::pair{"anthropic/claude-next-9", "claude-next-9"},
        std::pair{"openai/o3-mini", "haiku"}})
    EXPECT_EQ(resolved(name), expected) << name;
  for (const auto* name : {"openai/", "openai//sonnet", "openai/openai/sonnet", "mistral/sonnet",
                           "sonnet/", "openai/--settings", "openai/mistral"})
    EXPECT_EQ(resolved(name), "error:model_not_found") << name;
}

TEST(model_catalog, a_name_of_another_case_may_have_an_alias_of_its_own) {
  const model_catalog models{"sonnet", {{"GPT", "opus"}, {"gpt", "haiku"}}, {"sonnet"}};
  EXPECT_EQ(*models.resolve("GPT"), "opus");
  EXPECT_EQ(*models.resolve("gpt"), "haiku");
  EXPECT_EQ(*models.resolve("Gpt"), "haiku");
}

TEST(model_catalog, a_refusal_quotes_the_name_and_the_nearest_known_one) {
  const auto said = [](std::string_view name) {
    const auto result = catalog().resolve(name);
    return result ? std::string{} : result.error().message;
  };
  EXPECT_TRUE(said("sonet").starts_with(
    "The model 'sonet' does not exist here. Did you mean 'sonnet'? GET /v1/models"))
    << said("sonet");
  EXPECT_NE(said("openai/Hiku").find("'openai/Hiku' does not exist here. Did you mean 'haiku'?"),
            std::string::npos);
  EXPECT_EQ(said("mistral-large").find("Did you mean"), std::string::npos);
  EXPECT_EQ(said("evil").find("Did you mean"), std::string::npos);
  EXPECT_NE(said("a'b\\c\n\xc3\xa4").find("'a\\x27b\\x5cc\\x0a\\xc3\\xa4'"), std::string::npos)
    << said("a'b\\c\n\xc3\xa4");
  EXPECT_NE(said(std::string(128, 'x')).find("'" + std::string(64, 'x') + "...'"),
            std::string::npos);
}

TEST(blank, is_what_the_api_takes_for_white_space) {
  for (const std::string_view text :
       {"", " ", "\t\n\v\f\r ", "\x1c\x1f", "\xc2\x85\xc2\xa0", "\xe1\x9a\x80",
        "\xe2\x80\x80\xe2\x80\x8a\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f", "\xe3\x80\x80",
        "\xef\xbb\xbf"})
    EXPECT_TRUE(is_blank(text)) << text;
  for (const std::string_view text :
       {".", " a", "a ", "\xe2\x80\x8b", "\xe2\x80", "\xe2", "\xc2", "\xc3\xa4", "\xef\xbb\xbe"})
    EXPECT_FALSE(is_blank(text)) << text;
  EXPECT_FALSE(is_blank(std::string_view{"\0", 1}));
}

TEST(ids, conversation_ids_are_checked) {
  EXPECT_TRUE(is_valid_conversation_id("my-session_1.2"));
  EXPECT_TRUE(is_valid_conversation_id(std::string(128, 'a')));
  EXPECT_FALSE(is_valid_conversation_id(""));
  EXPECT_FALSE(is_valid_conversation_id(std::string(129, 'a')));
  EXPECT_FALSE(is_valid_conversation_id("a/b"));
  EXPECT_FALSE(is_valid_conversation_id("a b"));
  EXPECT_FALSE(is_valid_conversation_id("\xc3\xa4"));
}

TEST(ids, arguments_never_look_like_flags) {
  EXPECT_TRUE(is_safe_argument("claude-opus-4-6[1m]"));
  EXPECT_FALSE(is_safe_argument("-p"));
  EXPECT_FALSE(is_safe_argument(""));
  EXPECT_FALSE(is_safe_argument("a=b"));
}

TEST(ids, request_ids_are_visible_ascii) {
  EXPECT_TRUE(is_safe_request_id("req-1:{x}"));
  EXPECT_FALSE(is_safe_request_id("a b"));
  EXPECT_FALSE(is_safe_request_id("a\n"));
  EXPECT_FALSE(is_safe_request_id(std::string(129, 'a')));
}

TEST(ids, random_ids_differ_and_have_their_form) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(random_hex_128());
  EXPECT_EQ(seen.size(), 1000u);
  const auto uuid = random_uuid();
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
}

TEST(placement, a_minted_id_leads_back_to_its_thread) {
  for (std::size_t shards = 1; shards <= 8; ++shards)
    for (std::size_t shard = 0; shard < shards; ++shard) {
      const auto id = mint_conversation_id("key", shard, shards);
      EXPECT_EQ(shard_of_conversation("key", id, shards), shard);
      EXPECT_TRUE(is_valid_conversation_id(id));
    }
}

TEST(placement, tenants_spread_the_same_id) {
  std::set<std::size_t> seen;
  for (int tenant = 0; tenant < 64; ++tenant)
    seen.insert(shard_of_conversation("key" + std::to_string(tenant), "c", 4));
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_EQ(shard_of_conversation("a", "b", 1 << 20), shard_of_conversation("a", "b", 1 << 20));
  EXPECT_NE(shard_of_conversation("a", "bc", 1 << 20), shard_of_conversation("ab", "c", 1 << 20));
}

TEST(conversation_pages, are_merged_newest_first_up_to_the_limit) {
  const auto at = [](int second) { return wall_time{std::chrono::seconds{second}}; };
  const conversation_page one{{{"a", at(5)}, {"b", at(1)}}, false};
  const conversation_page two{{{"d", at(3)}, {"c", at(3)}}, false};
  const auto all = merge_pages({one, two}, 4);
  std::string order;
  for (const auto& entry : all.entries)
    order += entry.id;
  EXPECT_EQ(order, "acdb");
  EXPECT_FALSE(all.more);
  const auto some = merge_pages({one, two}, 3);
  EXPECT_EQ(some.entries.size(), 3u);
  EXPECT_TRUE(some.more);
  EXPECT_TRUE(merge_pages({{{}, true}, two}, 9).more);
}

TEST(placement, dialogues_that_begin_alike_meet) {
  chat_request first;
  first.model = "opus";
  first.system_prompt = "s";
  first.messages = {{role::user, "hello"}};
  auto later = first;
  later.messages.push_back({role::assistant, "hi"});
  later.messages.push_back({role::user, "more"});
  EXPECT_EQ(shard_of_dialogue(first, 7), shard_of_dialogue(later, 7));
}

} // namespace
} // namespace ccapi::domain
