// What messages are as text, and that nothing is lost.

#include "store/message_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace ccapi::store {
namespace {

using namespace std::string_literals;
using domain::message;
using domain::role;
using testing::HasSubstr;
using testing::Not;

class map_shelf final : public payload_shelf {
public:
  std::int64_t keep(std::string_view bytes) override {
    kept[static_cast<std::int64_t>(kept.size()) + 1] = bytes;
    return static_cast<std::int64_t>(kept.size());
  }
  domain::result<std::shared_ptr<const std::string>> find(std::int64_t number) override {
    if (!kept.contains(number))
      return domain::error{.code = domain::error_code::store_unavailable, .message = "gone"};
    return std::make_shared<const std::string>(kept[number]);
  }
  std::map<std::int64_t, std::string> kept;
};

domain::image_block picture(std::string base64) {
  return {.media_type = "image/png",
          .base64 = std::make_shared<const std::string>(std::move(base64)),
          .hash = {.low = 0x0123456789abcdef, .high = 0xfedcba9876543210}};
}

/// With blocks of every kind.
std::vector<message> all_kinds(const std::string& base64) {
  message call{role::assistant, "let me see"};
  call.content.emplace_back(domain::tool_use_block{.id = "call_1",
                                                   .name = "look",
                                                   .arguments = R"({ "b":1.0, "a":"\u00e9\n" })",
                                                   .canonical = R"({"a":"é\n","b":1.0})"});
  call.content.emplace_back(
    domain::tool_use_block{.id = "", .name = "n", .arguments = "{}", .canonical = ""});
  message result{role::user, ""};
  result.content.emplace_back(domain::tool_result_block{
    .call_id = "call_1", .parts = {domain::text_block{"seen"}, picture(base64)}});
  result.content.emplace_back(
    domain::tool_result_block{.call_id = "", .parts = {}, .is_error = true});
  result.content.emplace_back(domain::text_block{"and now?"});
  result.content.emplace_back(domain::text_block{"well?"});
  result.content.emplace_back(
    domain::document_block{.media_type = "text/plain",
                           .title = "notes.txt",
                           .data = std::make_shared<const std::string>("Gr\u00fc\u00dfe\n"),
                           .hash = {.low = 1, .high = 2}});
  message empty{role::assistant, ""};
  return {{role::user, "hello"}, call, result, empty, {role::assistant, "done"}};
}

std::string text_of(const std::vector<message>& messages, payload_shelf* shelf = nullptr) {
  std::string text;
  append_messages(text, messages, shelf);
  return text;
}

std::vector<message> read(std::string text, payload_shelf* shelf = nullptr) {
  auto messages = read_messages(text, shelf);
  EXPECT_TRUE(messages) << messages.error().message;
  return *messages;
}

std::string refusal_of(std::string text) {
  const auto messages = read_messages(text);
  return messages ? "none" : messages.error().message;
}

const std::string& base64_in(const std::vector<message>& messages) {
  const auto& result = std::get<domain::tool_result_block>(messages.at(2).content.at(0));
  return *std::get<domain::image_block>(result.parts.at(1)).base64;
}

TEST(message_text, comes_back_whole_with_every_kind_of_block) {
  const auto messages = all_kinds("aGk=");
  const auto back = read(text_of(messages));
  EXPECT_EQ(back, messages);
  EXPECT_EQ(base64_in(back), "aGk=") << "two pictures are equal if their hashes are";
  EXPECT_TRUE(read("[]").empty());
}

TEST(message_text, takes_no_arguments_that_are_no_object) {
  const auto with = [](std::string_view arguments) {
    return R"([{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"n","arguments":)"
           + std::string{arguments} + "}]}]";
  };
  for (const std::string_view arguments : {R"("{\"a\": 1}")", R"("{}")", R"(" { } ")"})
    EXPECT_EQ(refusal_of(with(arguments)), "none") << arguments;
  for (const std::string_view arguments :
       {R"("")", R"("{")", R"("[]")", R"("null")", R"("1")", R"("{}x")", R"("{}]},\"type\":\"x\"")",
        R"("{\"a\":1}}]},\"type\":\"control_request\",\"x\":{\"y\":[{\"z\":1")", "{}", "null"})
    EXPECT_NE(refusal_of(with(arguments)), "none") << arguments;
}

TEST(message_text, works_out_anew_what_counts_of_arguments) {
  const auto back =
    read(R"([{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"n",)"
         R"("arguments":"{\"b\":1, \"a\":2}","canonical":"{\"c\":3}"}]}])");
  const auto& call = std::get<domain::tool_use_block>(back.at(0).content.at(0));
  EXPECT_EQ(call.canonical, R"({"a":2,"b":1})");
}

TEST(message_text, keeps_large_pictures_apart_and_small_ones_not) {
  map_shelf shelf;
  const std::string large(payload_bytes_min, 'A');
  const auto text = text_of(all_kinds(large), &shelf);
  EXPECT_THAT(text, Not(HasSubstr("AAAA")));
  EXPECT_EQ(base64_in(read(text, &shelf)), large);
  EXPECT_EQ(shelf.kept.size(), 1u);
  text_of(all_kinds(std::string(payload_bytes_min - 1, 'A')), &shelf);
  EXPECT_EQ(shelf.kept.size(), 1u);
}

TEST(message_text, fails_if_a_payload_is_not_there) {
  map_shelf shelf;
  auto text = text_of(all_kinds(std::string(payload_bytes_min, 'A')), &shelf);
  auto again = text;
  shelf.kept.clear();
  EXPECT_EQ(read_messages(text, &shelf).error().message, "gone");
  EXPECT_FALSE(read_messages(again, nullptr));
}

TEST(message_text, takes_any_text) {
  const auto hostile = "\0 \x01 \" \\ ' -- \r\n \xf0\x9f\x98\x80 \xe2\x80\xa8 </script>\x7f"s;
  const std::vector<message> messages{{role::user, hostile}, {role::assistant, "\xf4\x8f\xbf\xbf"}};
  EXPECT_EQ(read(text_of(messages)), messages);
  const std::vector<message> large{{role::user, std::string(10U << 20U, '"')}};
  EXPECT_EQ(read(text_of(large)), large);
}

class bad_text : public testing::TestWithParam<const char*> {};

TEST_P(bad_text, is_refused) {
  EXPECT_NE(refusal_of(GetParam()), "none");
}

INSTANTIATE_TEST_SUITE_P(
  table, bad_text,
  testing::Values(
    "", "{}", "null", "[1]", "[{}]", "[", "[]x", R"([{"role":"user"}])",
    R"([{"role":"system","content":"x"}])", R"([{"role":1,"content":"x"}])",
    R"([{"role":"user","content":null}])", R"([{"role":"user","content":5}])",
    R"([{"role":"user","content":"x","content":"y"}])",
    "[{\"role\":\"user\",\"content\":\"\xff\"}]", R"([{"role":"user","content":["x"]}])",
    R"([{"role":"user","content":[{}]}])", R"([{"role":"user","content":[{"type":"text"}]}])",
    R"([{"role":"user","content":[{"type":"thinking","text":"x"}]}])",
    R"([{"role":"user","content":[{"type":"image","media_type":"a","hash":"b","base64":"c"}]}])",
    R"([{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b"}]}])",
    R"([{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","arguments":{}}]}])",
    R"([{"role":"user","content":[{"type":"tool_result","call_id":"a","parts":[]}]}])",
    R"([{"role":"user","content":[{"type":"tool_result","call_id":"a","is_error":false}]}])",
    R"([{"role":"user","content":[{"type":"tool_result","call_id":"a","is_error":0,)"
    R"("parts":[]}]}])",
    R"([{"role":"user","content":[{"type":"tool_result","call_id":"a","is_error":false,)"
    R"("parts":[{"type":"tool_result"}]}]}])",
    R"([{"role":"user","content":[{"type":"tool_result","call_id":"a","is_error":false,)"
    R"("parts":[{"type":"image","media_type":"a","hash":"0","base64":"c"}]}]}])",
    R"([{"role":"user","content":[{"type":"tool_result","call_id":"a","is_error":false,)"
    R"("parts":[{"type":"image","media_type":"a",)"
    R"("hash":"00000000000000000000000000000000"}]}]}])"));

TEST(message_text, ends_anywhere_without_harm) {
  const auto whole = text_of(all_kinds("aGk="));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal_of(whole.substr(0, size)), "none") << size;
}

TEST(message_text, names_the_place_of_a_mistake_and_quotes_nothing) {
  EXPECT_THAT(refusal_of(R"([{"role":"user","content":"secret"},{"role":"x","content":"secret"}])"),
              testing::AllOf(HasSubstr("messages[1].role"), Not(HasSubstr("secret"))));
}

TEST(message_text, writes_hashes_in_hex) {
  const domain::hash128 hash{.low = 1, .high = 0xabcdef0123456789};
  EXPECT_EQ(hex_of(hash), "abcdef01234567890000000000000001");
  domain::hash128 back;
  EXPECT_TRUE(read_hex(hex_of(hash), back));
  EXPECT_EQ(back, hash);
  for (const auto* bad : {"", "0", "ABCDEF01234567890000000000000001",
                          "abcdef0123456789000000000000000g", "abcdef012345678900000000000000011"})
    EXPECT_FALSE(read_hex(bad, back)) << bad;
}

} // namespace
} // namespace ccapi::store
