// Large pictures and system prompts: kept once, per tenant, and only as long as they are needed.

#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ccapi::store {
namespace {

using domain::store_outcome;

class payloads : public testing::Test {
protected:
  std::int64_t count() const { return peek(path, "SELECT count(*) FROM payloads"); }

  static domain::append_turn with_prompt(const turn_spec& spec, const std::string& prompt) {
    auto write = turn_of(spec);
    write.turn.system_prompt = prompt;
    return write;
  }

  static domain::append_turn with_picture(const turn_spec& spec, const std::string& base64) {
    auto write = turn_of(spec);
    domain::message result{domain::role::user, ""};
    result.content.emplace_back(domain::tool_result_block{
      .call_id = "c",
      .parts = {domain::image_block{.media_type = "image/png",
                                    .base64 = std::make_shared<const std::string>(base64),
                                    .hash = {.low = 1, .high = 2}},
                domain::image_block{.media_type = "image/png",
                                    .base64 = std::make_shared<const std::string>(base64),
                                    .hash = {.low = 1, .high = 2}}}});
    write.turn.messages[0] = result;
    return write;
  }

  std::string prompt_of(const std::string& id, const std::string& tenant = "t") {
    const auto found = store->load(tenant, id);
    return found && *found ? (*found)->system_prompt : "failed";
  }

  void remove(const std::string& id, const std::string& tenant = "t") {
    put(*store, domain::remove_conversation_of{.tenant = tenant, .id = id});
  }

  temp_directory directory;
  std::string path = directory / "c.db";
  std::unique_ptr<sqlite_store> store = opened(path);
  std::string large = std::string(5000, 'p');
};

TEST_F(payloads, are_shared_within_a_tenant_and_never_between_two) {
  put(*store, with_prompt({.id = "a"}, large));
  put(*store, with_prompt({.id = "b"}, large));
  EXPECT_EQ(count(), 1);
  put(*store, with_prompt({.id = "a", .tenant = "u"}, large));
  EXPECT_EQ(count(), 2);
  put(*store, with_prompt({.id = "c"}, std::string(1023, 'p')));
  EXPECT_EQ(count(), 2) << "a small one stays with its turn";
  EXPECT_EQ(prompt_of("a"), large);
  EXPECT_EQ(prompt_of("b"), large);
  EXPECT_EQ(prompt_of("a", "u"), large);
}

TEST_F(payloads, go_with_the_last_turn_that_refers_to_them) {
  put(*store, with_prompt({.id = "a"}, large));
  put(*store, with_prompt({.id = "b"}, large));
  put(*store, with_prompt({.id = "a", .tenant = "u"}, large));
  remove("a");
  EXPECT_EQ(count(), 2);
  EXPECT_EQ(prompt_of("b"), large);
  remove("b");
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(prompt_of("a", "u"), large);
  remove("a", "u");
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(peek(path, "SELECT count(*) FROM payload_uses"), 0);
}

TEST_F(payloads, hold_pictures_once_however_often_they_are_shown) {
  put(*store, with_picture({.id = "a"}, large));
  put(*store, with_picture({.id = "a", .expected_last = 1, .parent = 1, .depth = 4}, large));
  EXPECT_EQ(count(), 1);
  const auto found = store->load("t", "a");
  ASSERT_TRUE(found && *found);
  const auto picture = [&](std::size_t message, std::size_t part) {
    const auto& result =
      std::get<domain::tool_result_block>((*found)->messages.at(message).content.at(0));
    return std::get<domain::image_block>(result.parts.at(part)).base64;
  };
  EXPECT_EQ(*picture(0, 0), large);
  EXPECT_EQ(picture(0, 0), picture(0, 1)) << "in memory, too";
  EXPECT_EQ(picture(0, 0), picture(2, 1));
}

TEST_F(payloads, are_compared_byte_by_byte_before_they_are_shared) {
  put(*store, with_prompt({.id = "a"}, large));
  // What a second text of the same hash would look like.
  meddle(path, "UPDATE payloads SET bytes = CAST('other' AS BLOB)");
  EXPECT_EQ(put(*store, with_prompt({.id = "b"}, large)), store_outcome::committed);
  EXPECT_EQ(count(), 2);
  EXPECT_EQ(prompt_of("b"), large);
  EXPECT_EQ(prompt_of("a"), "failed") << "it does not fit its hash";
  for (const auto* id : {"c", "d", "e", "f", "g"}) {
    meddle(path, "UPDATE payloads SET bytes = CAST('other' AS BLOB)");
    EXPECT_EQ(put(*store, with_prompt({.id = id}, large)), store_outcome::committed);
    EXPECT_EQ(prompt_of(id), large);
  }
}

TEST_F(payloads, of_another_tenant_can_not_be_read_by_number) {
  put(*store, with_prompt({.id = "a", .tenant = "u"}, large));
  put(*store, with_prompt({.id = "a"}, std::string(5000, 'q')));
  EXPECT_EQ(prompt_of("a"), std::string(5000, 'q'));
  EXPECT_EQ(peek(path, "SELECT count(*) FROM payloads WHERE tenant = 'u'"), 1);
  meddle(path, "PRAGMA foreign_keys = OFF; UPDATE payloads SET tenant = 'v' WHERE tenant = 't'");
  EXPECT_EQ(prompt_of("a"), "failed");
}

} // namespace
} // namespace ccapi::store
