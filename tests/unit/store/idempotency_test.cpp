// Answers that a store keeps for Idempotency-Keys.

#include "store/sqlite/maintenance.hpp"
#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ccapi::store {
namespace {

using namespace std::chrono_literals;
using domain::store_outcome;
using testing::HasSubstr;

domain::idempotency_record record(const std::string& key, const std::string& body = "{}",
                                  std::int64_t seconds = 1000, const std::string& tenant = "t") {
  return {.tenant = tenant,
          .key = key,
          .fingerprint = "of " + key,
          .status = 201,
          .content_type = "application/json",
          .fields = "x-one: 1\r\n",
          .body = body,
          .streamed = true,
          .answered_at = at(seconds)};
}

class idempotency_records : public testing::Test {
protected:
  void add(const domain::idempotency_record& what) {
    ASSERT_EQ(put(*store, domain::put_idempotency_record{what}), store_outcome::committed);
  }
  std::string body_of(const std::string& key, const std::string& tenant = "t") {
    const auto found = store->find_idempotency_record(tenant, key);
    if (!found)
      return "unreadable";
    return *found ? (*found)->body : "-";
  }
  int sweep(const domain::retention& keep, std::int64_t now) {
    int steps = 0;
    while (store->sweep(keep, at(now)) && steps < 1000)
      ++steps;
    return steps;
  }

  temp_directory directory;
  std::string path = directory / "c.db";
  std::unique_ptr<sqlite_store> store = opened(path);
};

TEST_F(idempotency_records, come_back_as_they_were_also_when_it_is_opened_anew) {
  const std::string every_byte{"\0\x01\xff\r\n\xc3\xa9", 7};
  add(record("k", every_byte));
  store.reset();
  store = opened(path);
  const auto found = store->find_idempotency_record("t", "k");
  ASSERT_TRUE(found && *found);
  const auto& got = **found;
  EXPECT_EQ(got.body, every_byte);
  EXPECT_EQ(got.tenant, "t");
  EXPECT_EQ(got.key, "k");
  EXPECT_EQ(got.fingerprint, "of k");
  EXPECT_EQ(got.status, 201U);
  EXPECT_EQ(got.content_type, "application/json");
  EXPECT_EQ(got.fields, "x-one: 1\r\n");
  EXPECT_TRUE(got.streamed);
  EXPECT_EQ(got.answered_at, at(1000));
}

TEST_F(idempotency_records, belong_to_their_tenant_and_the_last_one_counts) {
  add(record("k", "mine"));
  add(record("k", "yours", 1000, "u"));
  EXPECT_EQ(body_of("k", "v"), "-");
  EXPECT_EQ(body_of("K"), "-");
  add(record("k", "newer"));
  EXPECT_EQ(body_of("k"), "newer");
  EXPECT_EQ(body_of("k", "u"), "yours");
  store.reset();
  EXPECT_EQ(peek(path, "SELECT count(*) FROM idempotency_records"), 2);
}

TEST_F(idempotency_records, go_when_they_are_past_their_time) {
  for (int each = 0; each < 200; ++each)
    add(record(std::to_string(each), "old", 1000));
  add(record("new", "new", 1500));
  EXPECT_EQ(sweep({}, 1'000'000), 0) << "no limits";
  EXPECT_EQ(sweep({.idempotency = 600s}, 1600), 0);
  EXPECT_EQ(sweep({.idempotency = 600s}, 1601), 4) << "a bounded part per step";
  EXPECT_EQ(body_of("0"), "-");
  EXPECT_EQ(body_of("199"), "-");
  EXPECT_EQ(body_of("new"), "new");
}

TEST_F(idempotency_records, go_from_the_oldest_on_when_they_are_too_large_together) {
  for (int each = 0; each < 10; ++each)
    add(record(std::to_string(each), std::string(10'000, 'x'), 1000 + each));
  const domain::retention keep{.idempotency = 1h, .idempotency_bytes_max = 55'000};
  EXPECT_EQ(sweep(keep, 1100), 1);
  EXPECT_EQ(body_of("4"), "-");
  EXPECT_EQ(body_of("5").size(), 10'000U);
  EXPECT_EQ(sweep(keep, 1100), 0);
  add(record("9", "short", 1100));
  add(record("a", std::string(10'000, 'x'), 1101));
  EXPECT_EQ(sweep(keep, 1110), 0) << "one that is replaced counts once";
}

TEST_F(idempotency_records, push_no_conversation_out) {
  for (int each = 0; each < 10; ++each)
    add(record(std::to_string(each), std::string(100'000, 'x')));
  ASSERT_EQ(put(*store, turn_of({})), store_outcome::committed);
  EXPECT_EQ(sweep({.bytes_max = 500'000, .idempotency = 1h}, 1100), 0);
  EXPECT_EQ(questions_of(*store, "t", "c"), "q");
  store.reset(); // the sum is known again
  store = opened(path);
  EXPECT_EQ(sweep({.bytes_max = 500'000, .idempotency = 1h}, 1100), 0);
  EXPECT_EQ(questions_of(*store, "t", "c"), "q");
}

TEST_F(idempotency_records, are_deleted_a_bounded_part_at_a_time) {
  for (int each = 0; each < 6; ++each)
    add(record(std::to_string(each), std::string(400'000, 'x')));
  EXPECT_EQ(sweep({.idempotency = 1s}, 5000), 2);
}

TEST_F(idempotency_records, leave_nothing_to_be_found_in_the_file) {
  const std::string secret = "the answer that nobody shall find";
  add(record("k", secret));
  sweep({.idempotency = 1s}, 5000);
  store.reset();
  EXPECT_EQ(integrity_of(path), "ok");
  EXPECT_THAT(content_of(path), testing::Not(HasSubstr(secret)));
}

TEST_F(idempotency_records, that_are_damaged_are_not_given_and_are_told_of) {
  for (const auto* change : {"body = x'7b7e'", "status = 200", "fields = 'x: y'", "tenant = 'u'",
                             "fingerprint = 'of l'", "answered_at = 1", "bytes = 1"}) {
    add(record("k"));
    store.reset();
    meddle(path, "UPDATE idempotency_records SET " + std::string{change});
    store = opened(path);
    const std::string tenant = std::string{change}.starts_with("tenant") ? "u" : "t";
    EXPECT_EQ(body_of("k", tenant), "unreadable") << change;
    EXPECT_EQ(store->state().reason, "") << "it concerns this one only";
    store.reset();
    const auto report = check_file(path);
    EXPECT_FALSE(report.sound) << change;
    EXPECT_THAT(report.text, HasSubstr("flaw: an answer")) << change;
    store = opened(path);
    add(record("k", "mended", 1000, tenant));
    EXPECT_EQ(body_of("k", tenant), "mended");
    sweep({.idempotency = 1s}, 5000);
  }
  store.reset();
  EXPECT_TRUE(check_file(path).sound);
}

TEST_F(idempotency_records, fit_into_a_file_of_the_version_before) {
  add(record("k"));
  ASSERT_EQ(put(*store, turn_of({})), store_outcome::committed);
  store.reset();
  meddle(path, "DROP TABLE idempotency_records; PRAGMA user_version = 1");
  store = opened(path);
  EXPECT_EQ(body_of("k"), "-");
  EXPECT_EQ(questions_of(*store, "t", "c"), "q");
  add(record("k", "again"));
  EXPECT_EQ(body_of("k"), "again");
}

} // namespace
} // namespace ccapi::store
