// What becomes of a store whose disk fails, at every call that it makes to it.

#include "fault_vfs.hpp"
#include "scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>

namespace ccapi::store {
namespace {

using domain::store_outcome;
using testing::HasSubstr;

/// So small that the log is written back every few transactions.
sqlite_options options_for(const std::string& path, const fault_vfs* vfs) {
  return {.path = path, .log_pages = 16, .vfs = vfs != nullptr ? vfs->name() : ""};
}

struct failure {
  const char* name;
  int code;
  bool all_later;
  bool reads;
};

class disk_failure : public testing::TestWithParam<failure> {};

/// One life with the n-th call failing. False: there were not so many calls.
bool live_through(std::uint64_t number, const failure& how) {
  const temp_directory directory{temp_directory::kind::in_memory};
  const auto path = directory / "c.db";
  fault_vfs vfs;
  vfs.fail_call(number, how.code, how.all_later, how.reads);
  auto store = opened(options_for(path, &vfs));
  scenario life;
  for (int step = 0; step < scenario::steps; ++step)
    life.run(*store, step);
  const bool happened = vfs.has_failed();
  vfs.heal();
  store->recover();
  EXPECT_EQ(store->state().reason, "");
  life.expect_kept_by(*store);
  for (int step = 0; step < 6; ++step)
    life.run(*store, step);
  life.expect_kept_by(*store);
  store.reset();
  EXPECT_EQ(integrity_of(path), "ok");
  life.expect_kept_by(*opened(path));
  return happened;
}

TEST_P(disk_failure, loses_nothing_that_was_acknowledged_and_writes_again_afterwards) {
  std::uint64_t number = 1;
  while (live_through(number, GetParam()) && !HasFailure())
    number += stride(GetParam().reads ? 11 : 7);
  EXPECT_GT(number, 100u);
  EXPECT_FALSE(HasFailure()) << "call " << number;
}

INSTANTIATE_TEST_SUITE_P(each_call, disk_failure,
                         testing::Values(failure{"once_io", SQLITE_IOERR_WRITE, false, false},
                                         failure{"once_full", SQLITE_FULL, false, false},
                                         failure{"for_long_io", SQLITE_IOERR_WRITE, true, false},
                                         failure{"for_long_full", SQLITE_FULL, true, false},
                                         failure{"reads_once", SQLITE_IOERR_READ, false, true}),
                         [](const auto& each) { return each.param.name; });

TEST(disk_that_fails_to_the_end, leaves_what_was_acknowledged) {
  for (std::uint64_t number = 1;; number += stride(7)) {
    const temp_directory directory{temp_directory::kind::in_memory};
    const auto path = directory / "c.db";
    scenario life;
    bool happened = false;
    {
      fault_vfs vfs;
      vfs.fail_call(number, SQLITE_IOERR_FSYNC, true);
      auto store = opened(options_for(path, &vfs));
      for (int step = 0; step < scenario::steps && !vfs.has_failed(); ++step)
        life.run(*store, step);
      happened = vfs.has_failed();
    }
    life.expect_kept_by(*opened(path), true);
    EXPECT_EQ(integrity_of(path), "ok");
    if (!happened || HasFailure())
      break;
  }
}

TEST(disk_failure_reasons, tell_what_is_wrong_and_what_to_do) {
  const temp_directory directory;
  fault_vfs vfs;
  auto store = opened(options_for(directory / "c.db", &vfs));
  const auto reason_of = [&](int code) {
    vfs.fail_call(1, code, true);
    EXPECT_EQ(put(*store, turn_of({})), store_outcome::unavailable);
    store->recover();
    const auto reason = store->state().reason;
    vfs.heal();
    store->recover();
    EXPECT_EQ(store->state().reason, "");
    return reason;
  };
  EXPECT_THAT(reason_of(SQLITE_FULL), HasSubstr("is full"));
  EXPECT_THAT(reason_of(SQLITE_IOERR_WRITE), HasSubstr("reports errors"));
  EXPECT_THAT(reason_of(SQLITE_READONLY), HasSubstr("can't be written"));
  EXPECT_THAT(reason_of(SQLITE_IOERR_WRITE), HasSubstr(directory / "c.db"));
  EXPECT_EQ(store->state().failures, 8u);
  EXPECT_EQ(put(*store, turn_of({})), store_outcome::committed);
}

// -- power failures -------------------------------------------------------------------------------

/// One life that the power ends ahead of that call. False: it had not so many calls.
bool lose_power(std::uint64_t call, durability how, std::mt19937& random) {
  const temp_directory directory{temp_directory::kind::in_memory};
  const temp_directory after{temp_directory::kind::in_memory};
  const auto path = directory / "c.db";
  std::map<std::string, std::string> left;
  scenario life;
  scenario then;
  {
    fault_vfs vfs;
    vfs.before_call(call, [&] {
      left = vfs.after_power_failure(path, [&random] { return static_cast<unsigned>(random()); });
      then = life;
    });
    auto options = options_for(path, &vfs);
    options.durability = how;
    auto store = opened(options);
    for (int step = 0; step < scenario::steps; ++step)
      life.run(*store, step);
  }
  if (left.empty())
    return false;
  for (const auto& [name, content] : left) {
    std::ofstream out{after.path() + name.substr(directory.path().size()), std::ios::binary};
    out << content;
  }
  {
    auto store = opened(after / "c.db");
    EXPECT_EQ(store->state().reason, "");
    if (how == durability::commit_before_answer)
      then.expect_kept_by(*store, true);
  }
  EXPECT_EQ(integrity_of(after / "c.db"), "ok");
  return true;
}

TEST(power_failure, loses_nothing_that_was_acknowledged) {
  std::mt19937 random{1};
  std::uint64_t call = 1;
  while (lose_power(call, durability::commit_before_answer, random) && !HasFailure())
    call += stride(7);
  EXPECT_GT(call, 100u);
  EXPECT_FALSE(HasFailure()) << "call " << call;
}

TEST(power_failure, leaves_a_sound_file_even_if_answers_do_not_wait_for_the_disk) {
  std::mt19937 random{2};
  std::uint64_t call = 1;
  while (lose_power(call, durability::after_answer, random) && !HasFailure())
    call += stride(13);
  EXPECT_GT(call, 100u);
  EXPECT_FALSE(HasFailure()) << "call " << call;
}

} // namespace
} // namespace ccapi::store
