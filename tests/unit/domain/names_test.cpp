// Model names, ids and where conversations live.

#include "domain/blank.hpp"
#include "domain/dialogue/placement.hpp"
#include "domain/ids.hpp"
#include "domain/models/model_catalog.hpp"
#include "domain/turn/conversation_info.hpp"

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

constexpr std::uint64_t last_count = (std::uint64_t{1} << counter_bits) - 1;

TEST(unique_numbers, say_who_made_them) {
  EXPECT_EQ(unique_number({.node = 0, .shard = 0}, 0), 1u);
  EXPECT_EQ(unique_number({.node = 0, .shard = 1}, 0), 0x0000'0400'0000'0001u);
  EXPECT_EQ(unique_number({.node = 1, .shard = 0}, 6), 0x0040'0000'0000'0007u);
  EXPECT_EQ(unique_number({.node = nodes_max - 1, .shard = 0}, 0), 0xffc0'0000'0000'0001u);
  EXPECT_EQ(unique_number({.node = 0, .shard = shards_max - 1}, 0), 0x003f'fc00'0000'0001u);
}

TEST(unique_numbers, no_part_reaches_into_its_neighbour) {
  const home last{.node = nodes_max - 1, .shard = shards_max - 1};
  EXPECT_EQ(unique_number(last, last_count - 1), ~std::uint64_t{0});
  EXPECT_EQ(unique_number({.node = 5, .shard = 6}, last_count - 1) >> counter_bits,
            unique_number({.node = 5, .shard = 6}, 0) >> counter_bits);
  EXPECT_EQ(unique_number({.node = 5, .shard = shards_max}, 0), unique_number({.node = 5}, 0));
  EXPECT_EQ(unique_number({.node = nodes_max, .shard = 7}, 0), unique_number({.shard = 7}, 0));
}

TEST(unique_numbers, begin_anew_behind_the_last_and_are_never_0) {
  EXPECT_EQ(unique_number({}, last_count - 1), last_count);
  EXPECT_EQ(unique_number({}, last_count), 1u);
  EXPECT_EQ(unique_number({}, ~std::uint64_t{0}) >> counter_bits, 0u);
  EXPECT_NE(unique_number({}, ~std::uint64_t{0}), 0u);
}

TEST(unique_numbers, last_for_years) {
  constexpr std::uint64_t seconds_a_year = 365 * 24 * 3600;
  EXPECT_GE(last_count / 10'000 / seconds_a_year, 13u);
}

TEST(placement, a_minted_id_leads_back_to_its_thread) {
  for (std::uint32_t shards = 1; shards <= 8; ++shards)
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
      const placement there{{.node = 3, .shard = shard}, shards};
      const auto id = there.mint_conversation_id("key");
      EXPECT_TRUE(is_valid_conversation_id(id));
      const placement first{{.node = 3, .shard = 0}, shards};
      EXPECT_EQ(first.home_of_conversation("key", id), there.here());
      EXPECT_EQ(first.is_here(there.here()), shard == 0);
    }
}

TEST(placement, tenants_spread_the_same_id) {
  std::set<std::uint32_t> seen;
  const placement four{{}, 4};
  for (int tenant = 0; tenant < 64; ++tenant)
    seen.insert(four.home_of_conversation("key" + std::to_string(tenant), "c").shard);
  EXPECT_EQ(seen.size(), 4u);
  const placement many{{}, shards_max};
  EXPECT_EQ(many.home_of_conversation("a", "b"), many.home_of_conversation("a", "b"));
  EXPECT_FALSE(many.home_of_conversation("a", "bc") == many.home_of_conversation("ab", "c"));
}

TEST(conversation_pages, are_merged_newest_first_up_to_the_limit) {
  const auto at = [](int second) { return wall_time{std::chrono::seconds{second}}; };
  const conversation_page one{{{"a", at(5)}, {"b", at(1)}}, false};
  const conversation_page two{{{"d", at(3)}, {"c", at(3)}}, false};
  const auto all = merge_pages({one, two}, {.limit = 4});
  std::string order;
  for (const auto& entry : all.entries)
    order += entry.id;
  EXPECT_EQ(order, "acdb");
  EXPECT_FALSE(all.more);
  const auto some = merge_pages({one, two}, {.limit = 3});
  EXPECT_EQ(some.entries.size(), 3u);
  EXPECT_TRUE(some.more);
  EXPECT_TRUE(merge_pages({{{}, true}, two}, {.limit = 9}).more);
}

TEST(placement, dialogues_that_begin_alike_meet) {
  chat_request first;
  first.model = "opus";
  first.system_prompt = "s";
  first.messages = {{role::user, "hello"}};
  auto later = first;
  later.messages.push_back({role::assistant, "hi"});
  later.messages.push_back({role::user, "more"});
  const placement seven{{}, 7};
  EXPECT_EQ(seven.home_of_dialogue(first), seven.home_of_dialogue(later));
}

TEST(placement, another_nodes_thread_is_not_here) {
  const placement here{{.node = 1, .shard = 2}, 4};
  EXPECT_TRUE(here.is_here({.node = 1, .shard = 2}));
  EXPECT_FALSE(here.is_here({.node = 1, .shard = 3}));
  EXPECT_FALSE(here.is_here({.node = 2, .shard = 2}));
}

} // namespace
} // namespace ccapi::domain
