// Files in which bytes have changed.

#include "store/sqlite/maintenance.hpp"
#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <string>

namespace ccapi::store {
namespace {

using domain::store_outcome;
using testing::HasSubstr;

void write_content(const std::string& path, const std::string& content) {
  std::ofstream{path, std::ios::binary} << content;
}

/// All that a conversation holds, as text.
std::string all_of(const domain::stored_dialogue& dialogue) {
  std::ostringstream out;
  out << dialogue.about.info.id << dialogue.about.info.model << dialogue.about.info.message_count
      << dialogue.about.info.updated_at.time_since_epoch().count() << dialogue.system_prompt
      << dialogue.model << dialogue.path.size();
  for (const auto& message : dialogue.messages)
    out << "|" << plain_text(message);
  return out.str();
}

class damage : public testing::Test {
protected:
  damage() {
    auto store = opened(path);
    for (int number = 0; number < 12; ++number) {
      const auto id = "conversation" + std::to_string(number);
      for (std::int64_t last = 0; last < 4; ++last) {
        auto write = turn_of({.id = id,
                              .expected_last = last,
                              .parent = last,
                              .depth = 2 * (static_cast<std::uint64_t>(last) + 1),
                              .question = id + " asks " + std::to_string(last),
                              .seconds = 1000 + number});
        if (last == 0)
          write.turn.system_prompt = std::string(1500, static_cast<char>('a' + number));
        if (last == 1)
          write.turn.messages[1] = {domain::role::assistant, std::string(6000, 'x')};
        put(*store, write);
      }
      whole[id] = all_of(**store->load("t", id));
    }
  }

  /// What a damaged copy says: each conversation is right, or fails, or is not found.
  void look_at(const std::string& content, const std::string& what) {
    const auto copy = directory / "copy.db";
    for (const auto* suffix : {"-wal", "-shm"})
      std::filesystem::remove(copy + suffix);
    write_content(copy, content);
    const auto store = sqlite_store::open({.path = copy});
    if (!store)
      return; // its header says that it is another one's
    for (const auto& [id, text] : whole) {
      const auto found = (*store)->load("t", id);
      if (found && *found) {
        EXPECT_EQ(all_of(**found), text) << what;
      }
      failed += found ? 0 : 1;
      missing += found && !*found ? 1 : 0;
    }
    const auto page = (*store)->list({.tenant = "t"});
    put(**store, turn_of({.id = "more"}));
    put(**store, domain::remove_conversation_of{.tenant = "t", .id = "conversation3"});
    (*store)->sweep({.named = std::chrono::hours{1}}, at(1'000'000));
    (*store)->recover();
  }

  temp_directory directory{temp_directory::kind::in_memory};
  std::string path = directory / "c.db";
  std::map<std::string, std::string> whole;
  int failed = 0;
  int missing = 0;
};

TEST_F(damage, of_any_byte_gives_the_right_data_or_an_error) {
  const auto content = content_of(path);
  ASSERT_GT(content.size(), 50'000u);
  std::mt19937 random{3};
  const auto step = 1 + stride(1000);
  for (std::size_t at = 0; at < content.size(); at += at < 120 ? stride(3) : 1 + random() % step) {
    auto flipped = content;
    flipped[at] = static_cast<char>(flipped[at] ^ static_cast<char>(1U << random() % 8));
    look_at(flipped, "byte " + std::to_string(at));
  }
  EXPECT_GT(failed, 20) << "damage is noticed";
  RecordProperty("missing", missing);
}

TEST_F(damage, of_whole_stretches_does_no_harm) {
  const auto content = content_of(path);
  std::mt19937 random{4};
  for (int round = 0; round < 100; ++round) {
    auto damaged = content;
    for (int stretch = 0; stretch < 4; ++stretch) {
      const auto from = random() % damaged.size();
      const auto size = std::min<std::size_t>(random() % 600, damaged.size() - from);
      for (auto at = from; at < from + size; ++at)
        damaged[at] = static_cast<char>(random());
    }
    look_at(damaged, "round " + std::to_string(round));
  }
}

TEST_F(damage, by_a_cut_does_no_harm) {
  const auto content = content_of(path);
  for (std::size_t size = 0; size < content.size(); size += 1777)
    look_at(content.substr(0, size), "cut to " + std::to_string(size));
}

TEST_F(damage, of_the_log_loses_its_end_only) {
  const auto log = directory / "log.db";
  auto store = opened(log);
  for (std::int64_t last = 0; last < 10; ++last)
    put(*store, turn_of({.expected_last = last,
                         .parent = last,
                         .depth = 2 * (static_cast<std::uint64_t>(last) + 1),
                         .question = std::to_string(last)}));
  const auto file = content_of(log);
  const auto written = content_of(log + "-wal");
  ASSERT_GT(written.size(), 10'000u);
  store.reset();
  const std::string whole_text = "0 1 2 3 4 5 6 7 8 9";
  std::mt19937 random{5};
  for (int round = 0; round < 100; ++round) {
    const auto copy = directory / "logged.db";
    std::filesystem::remove(copy + "-shm");
    write_content(copy, file);
    auto flipped = written;
    flipped[random() % flipped.size()] ^= 0x10;
    write_content(copy + "-wal", flipped);
    const auto store_of_copy = sqlite_store::open({.path = copy});
    if (!store_of_copy)
      continue;
    const auto texts = questions_of(**store_of_copy, "t", "c");
    EXPECT_TRUE(whole_text.starts_with(texts) || texts == "-") << texts;
  }
}

TEST_F(damage, of_one_row_concerns_its_conversation_only) {
  meddle(path,
         "UPDATE turns SET messages = replace(messages, 'conversation5 asks', 'nobody says')");
  auto store = opened(path);
  const auto failed_load = store->load("t", "conversation5");
  ASSERT_FALSE(failed_load);
  EXPECT_EQ(failed_load.error().code, domain::error_code::store_unavailable);
  EXPECT_THAT(failed_load.error().detail, HasSubstr("damaged"));
  EXPECT_TRUE(store->load("t", "conversation6"));
  EXPECT_EQ(store->state().reason, "");
  EXPECT_EQ(store->state().failures, 1u);
}

TEST_F(damage, of_one_row_keeps_no_other_write_of_its_group_back) {
  meddle(path, "UPDATE conversations SET total_tokens = 7 WHERE id = 'conversation5'");
  auto store = opened(path);
  const std::vector<domain::store_write> group{
    turn_of({.id = "conversation4", .expected_last = 4, .parent = 4, .depth = 10}),
    turn_of({.id = "conversation5", .expected_last = 4, .parent = 4, .depth = 10}),
    turn_of({.id = "conversation6", .expected_last = 4, .parent = 4, .depth = 10}),
    turn_of({.id = "conversation6", .expected_last = 4, .parent = 4, .depth = 10})};
  EXPECT_THAT(store->write(group),
              testing::ElementsAre(store_outcome::committed, store_outcome::unavailable,
                                   store_outcome::committed, store_outcome::stale));
  EXPECT_EQ(store->state().reason, "");
  EXPECT_EQ(put(*store, domain::remove_conversation_of{.tenant = "t", .id = "conversation5"}),
            store_outcome::committed)
    << "it can still be got rid of";
}

TEST_F(damage, of_the_structure_ends_all_writing_until_the_file_is_another_one) {
  auto content = content_of(path);
  const auto sound = content;
  for (std::size_t page = 4096; page < content.size(); page += 4096)
    content[page] = 'x'; // the kind of each page
  write_content(path, content);
  auto store = opened(path);
  EXPECT_EQ(put(*store, turn_of({})), store_outcome::unavailable);
  EXPECT_THAT(store->state().reason, HasSubstr("is damaged"));
  store->recover();
  EXPECT_THAT(store->state().reason, HasSubstr("is damaged"));
  std::filesystem::remove(path);
  write_content(path, sound);
  store->recover();
  EXPECT_EQ(store->state().reason, "");
  EXPECT_EQ(put(*store, turn_of({})), store_outcome::committed);
}

} // namespace
} // namespace ccapi::store
