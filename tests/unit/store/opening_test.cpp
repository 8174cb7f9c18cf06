// Which files a store takes, and what it says of the others.

#include "store/sqlite/schema.hpp"
#include "store/sqlite/store_file.hpp"
#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace ccapi::store {
namespace {

namespace fs = std::filesystem;
using domain::store_outcome;
using testing::AllOf;
using testing::HasSubstr;

class opening : public testing::Test {
protected:
  /// Why the start is refused; empty: it is not.
  [[nodiscard]] std::string refusal() const {
    const auto store = sqlite_store::open({.path = path});
    return store ? "" : store.error().message;
  }
  void write_file(const std::string& content) const { std::ofstream{path} << content; }
  void make_store() const { put(*opened(path), turn_of({})); }

  static unsigned mode_of(const std::string& file) {
    struct stat info {};
    EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
    return info.st_mode & 07777U;
  }

  temp_directory directory;
  std::string path = directory / "sub/deeper/c.db";
};

TEST_F(opening, makes_directories_and_files_that_nobody_else_can_read) {
  const auto before = ::umask(0);
  auto store = opened(path);
  put(*store, turn_of({}));
  ::umask(before);
  EXPECT_EQ(mode_of(directory / "sub"), 0700u);
  EXPECT_EQ(mode_of(directory / "sub/deeper"), 0700u);
  for (const auto* suffix : {"", "-wal", "-shm", "-lock"})
    EXPECT_EQ(mode_of(path + suffix), 0600u) << suffix;
}

TEST_F(opening, closes_files_that_others_could_read) {
  make_store();
  fs::permissions(path, fs::perms{0644});
  make_store();
  EXPECT_EQ(mode_of(path), 0600u);
}

TEST_F(opening, works_without_a_directory_in_the_path) {
  const auto before = fs::current_path();
  fs::current_path(directory.path());
  EXPECT_EQ(put(*opened("c.db"), turn_of({})), store_outcome::committed);
  fs::current_path(before);
}

TEST_F(opening, takes_an_empty_file_for_a_new_one) {
  fs::create_directories(directory / "sub/deeper");
  write_file("");
  EXPECT_EQ(refusal(), "");
}

// -- refused starts -------------------------------------------------------------------------------

TEST_F(opening, refuses_files_that_others_can_write) {
  make_store();
  for (const auto* suffix : {"", "-lock"}) {
    fs::permissions(path + suffix, fs::perms{0620});
    EXPECT_THAT(refusal(), AllOf(HasSubstr(path + suffix), HasSubstr("written by other users")));
    fs::permissions(path + suffix, fs::perms{0600});
  }
  std::ofstream{path + "-wal"} << "x";
  fs::permissions(path + "-wal", fs::perms{0666});
  EXPECT_THAT(refusal(), HasSubstr("written by other users"));
}

TEST_F(opening, refuses_a_directory_that_others_can_write) {
  make_store();
  fs::permissions(directory / "sub/deeper", fs::perms{01777});
  EXPECT_THAT(refusal(), HasSubstr("written by other users"));
  fs::permissions(directory / "sub/deeper", fs::perms{0755});
  EXPECT_EQ(refusal(), "");
}

TEST_F(opening, follows_no_link_to_its_files_but_to_its_directory) {
  make_store();
  fs::create_directory_symlink("deeper", directory / "sub/link");
  EXPECT_EQ(questions_of(*opened(directory / "sub/link/c.db"), "t", "c"), "q");
  for (const std::string suffix : {"", "-wal", "-shm", "-lock"}) {
    const auto file = path + suffix;
    fs::rename(path, path + "-kept");
    fs::remove(file);
    fs::create_symlink(path + "-kept", file);
    EXPECT_THAT(refusal(), AllOf(HasSubstr(file), HasSubstr("symbolic link")));
    fs::remove(file);
    fs::rename(path + "-kept", path);
  }
  EXPECT_EQ(refusal(), "");
}

TEST_F(opening, refuses_a_file_with_two_names_and_what_is_no_file) {
  make_store();
  fs::create_hard_link(path, directory / "other");
  EXPECT_THAT(refusal(), HasSubstr("hard link"));
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_THAT(refusal(), HasSubstr("no regular file"));
  EXPECT_FALSE(sqlite_store::open({.path = ""}));
  EXPECT_FALSE(sqlite_store::open({.path = directory.path() + "/"}));
  EXPECT_FALSE(sqlite_store::open({.path = directory / ".."}));
}

TEST(flaws_of_files, are_found_by_owner_and_mode) {
  struct stat info {};
  info.st_mode = S_IFREG | 0600;
  info.st_nlink = 1;
  info.st_uid = 1000;
  EXPECT_EQ(flaw_of_file(info, 1000), nullptr);
  EXPECT_EQ(flaw_of_file(info, 0), nullptr) << "root looks at the service's file";
  EXPECT_NE(flaw_of_file(info, 1001), nullptr);
  info.st_mode = S_IFREG | 0602;
  EXPECT_NE(flaw_of_file(info, 1000), nullptr);
  info.st_mode = S_IFDIR | 0755;
  EXPECT_EQ(flaw_of_directory(info, 1000), nullptr);
  EXPECT_NE(flaw_of_directory(info, 1001), nullptr);
  info.st_uid = 0;
  EXPECT_EQ(flaw_of_directory(info, 1001), nullptr) << "such as /var/lib";
  info.st_mode = S_IFDIR | 0775;
  EXPECT_NE(flaw_of_directory(info, 1001), nullptr);
}

TEST_F(opening, refuses_the_file_of_a_newer_version) {
  make_store();
  meddle(path, "PRAGMA user_version = 99");
  EXPECT_THAT(refusal(), AllOf(HasSubstr(path), HasSubstr("newer version")));
  EXPECT_EQ(peek(path, "PRAGMA user_version"), 99);
}

TEST_F(opening, refuses_the_file_of_another_application) {
  fs::create_directories(directory / "sub/deeper");
  write_file("");
  meddle(path, "CREATE TABLE notes (text)");
  EXPECT_THAT(refusal(), HasSubstr("another application"));
  meddle(path, "PRAGMA application_id = 7; DROP TABLE notes");
  EXPECT_THAT(refusal(), HasSubstr("another application"));
}

// -- what may pass --------------------------------------------------------------------------------

TEST_F(opening, waits_for_the_end_of_another_process) {
  auto first = opened(path);
  auto second = opened(path);
  EXPECT_THAT(second->state().reason,
              AllOf(HasSubstr("in use by another process (number " + std::to_string(::getpid())),
                    HasSubstr("store.path of its own")));
  EXPECT_EQ(put(*second, turn_of({})), store_outcome::unavailable);
  EXPECT_FALSE(second->load("t", "c"));
  EXPECT_FALSE(second->sweep({}, at(0)));
  second->recover();
  EXPECT_NE(second->state().reason, "");
  first.reset();
  second->recover();
  EXPECT_EQ(second->state().reason, "");
  EXPECT_EQ(put(*second, turn_of({})), store_outcome::committed);
}

TEST_F(opening, waits_for_a_file_that_is_a_database) {
  fs::create_directories(directory / "sub/deeper");
  write_file(std::string(8192, 'x'));
  auto store = opened(path);
  EXPECT_THAT(store->state().reason, HasSubstr("no SQLite database"));
  store->recover();
  EXPECT_NE(store->state().reason, "");
  fs::remove(path);
  store->recover();
  EXPECT_EQ(store->state().reason, "");
  EXPECT_EQ(put(*store, turn_of({})), store_outcome::committed);
}

TEST_F(opening, waits_for_rights) {
  std::ofstream{directory / "sub"} << "a file in the way";
  auto store = opened(path);
  EXPECT_NE(store->state().reason, "");
  EXPECT_EQ(put(*store, turn_of({})), store_outcome::unavailable);
  fs::remove(directory / "sub");
  store->recover();
  EXPECT_EQ(store->state().reason, "");
  if (::geteuid() == 0)
    return; // to whom nothing is forbidden
  store.reset();
  fs::permissions(directory / "sub/deeper", fs::perms{0});
  store = opened(path);
  EXPECT_THAT(store->state().reason, HasSubstr("rights"));
  fs::permissions(directory / "sub/deeper", fs::perms{0700});
  store->recover();
  EXPECT_EQ(store->state().reason, "");
}

TEST_F(opening, gives_up_soon_on_a_file_that_another_process_has_locked) {
  auto store = opened({.path = path, .commit_timeout = std::chrono::milliseconds{50}});
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(put(*store, turn_of({})), store_outcome::unavailable);
  EXPECT_THAT(store->state().reason, HasSubstr("locked by another process"));
  EXPECT_TRUE(store->load("t", "c")) << "reading goes on";
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_EQ(put(*store, turn_of({})), store_outcome::committed);
  EXPECT_EQ(store->state().reason, "");
}

TEST_F(opening, notices_that_its_file_is_gone) {
  auto store = opened(path);
  put(*store, turn_of({}));
  for (const auto* suffix : {"", "-wal", "-shm"})
    fs::remove(path + suffix);
  EXPECT_EQ(put(*store, turn_of({.id = "d"})), store_outcome::unavailable)
    << "it would have been written to nowhere";
  EXPECT_THAT(store->state().reason, HasSubstr("moved, deleted or replaced"));
  store->recover();
  EXPECT_EQ(store->state().reason, "");
  EXPECT_EQ(store->state().conversations, 0u);
  EXPECT_EQ(put(*store, turn_of({.id = "d"})), store_outcome::committed);
  store.reset();
  EXPECT_EQ(questions_of(*opened(path), "t", "d"), "q");
}

// -- migrations -----------------------------------------------------------------------------------

TEST_F(opening, begins_at_the_newest_version_with_a_mark_of_its_own) {
  make_store();
  EXPECT_EQ(peek(path, "PRAGMA user_version"), migrations().back().version);
  EXPECT_EQ(peek(path, "PRAGMA application_id"), application_id);
}

TEST_F(opening, brings_older_files_to_the_newest_version_in_one_step) {
  make_store();
  connection db{{.path = path}};
  const auto newest = migrations().back().version;
  const std::array<migration, 3> steps{{
    {newest, "CREATE TABLE never (x)"},
    {newest + 1, "CREATE TABLE second (x); INSERT INTO second VALUES (2)"},
    {newest + 2, "ALTER TABLE second ADD COLUMN y; UPDATE second SET y = 3"},
  }};
  EXPECT_TRUE(migrate(db, steps));
  EXPECT_EQ(db.integer("PRAGMA user_version"), newest + 2);
  EXPECT_EQ(db.integer("SELECT y FROM second"), 3);
  EXPECT_TRUE(migrate(db, steps)) << "nothing to do";
}

TEST_F(opening, leaves_a_file_as_it_was_if_a_migration_fails) {
  make_store();
  connection db{{.path = path}};
  const auto newest = migrations().back().version;
  const std::array<migration, 3> steps{{{newest, ""},
                                        {newest + 1, "CREATE TABLE second (x)"},
                                        {newest + 2, "INSERT INTO nowhere VALUES (1)"}}};
  EXPECT_FALSE(migrate(db, steps));
  EXPECT_TRUE(db.failed());
  db.clear_failure();
  EXPECT_EQ(db.integer("PRAGMA user_version"), newest);
  EXPECT_EQ(db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'second'"), 0);
}

} // namespace
} // namespace ccapi::store
