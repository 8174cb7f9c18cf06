// private_directory: what is taken for ours, and what is made or refused on a real file system.

#include "child_probe.hpp"
#include "process/private_directory.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace ccapi::process {
namespace {

using namespace probe;
using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(judge_directory, takes_only_what_is_a_directory_of_ours_and_closed) {
  constexpr uid_t me = 1000;
  EXPECT_EQ(judge_directory(S_IFDIR | 0700, me, me), directory_state::usable);
  EXPECT_EQ(judge_directory(S_IFDIR | 0500, me, me), directory_state::usable);
  EXPECT_EQ(judge_directory(S_IFDIR | 0700, 0, me), directory_state::foreign);
  EXPECT_EQ(judge_directory(S_IFDIR | 0700, me, 0), directory_state::foreign) << "root, too";
  EXPECT_EQ(judge_directory(S_IFLNK | 0777, me, me), directory_state::link);
  for (const mode_t kind : {S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK})
    EXPECT_EQ(judge_directory(kind | 0700, me, me), directory_state::no_directory);
  for (const mode_t rights : {0755, 0710, 0701, 0770, 01777})
    EXPECT_EQ(judge_directory(S_IFDIR | rights, me, me), directory_state::open_to_others) << rights;
}

class private_directory : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ccapi-private-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    parent = pattern;
    path = parent / "own";
  }
  void TearDown() override { fs::remove_all(parent); }

  /// How a child starts there: its working directory, or the detail of the failure.
  std::string start_there() {
    auto spec = command({"/bin/readlink", "/proc/self/cwd"});
    spec.directory = path.string();
    spec.private_directory = true;
    const auto said = run_to_end(shim(), spec, patience);
    return said ? *said : said.error().detail;
  }

  fs::path parent;
  fs::path path;
};

TEST_F(private_directory, is_made_where_nothing_is_and_again_when_it_has_gone) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(start_there(), path.string() + "\n");
    struct stat found {};
    ASSERT_EQ(lstat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode, mode_t{S_IFDIR | 0700});
    ASSERT_TRUE(fs::remove(path));
  }
}

TEST_F(private_directory, what_others_put_in_its_place_is_refused) {
  fs::create_directory_symlink("/", path);
  EXPECT_THAT(start_there(), HasSubstr("a symbolic link"));
  fs::remove(path);
  fs::create_symlink(parent / "nowhere", path);
  EXPECT_THAT(start_there(), HasSubstr("a symbolic link"));
  EXPECT_FALSE(fs::exists(parent / "nowhere")) << "nothing is made where a link leads";
  fs::remove(path);
  std::ofstream{path} << "text";
  EXPECT_THAT(start_there(), HasSubstr("not a directory"));
  fs::remove(path);
  fs::create_directory(path);
  fs::permissions(path, fs::perms{0755});
  EXPECT_THAT(start_there(), HasSubstr("other users have access"));
  if (geteuid() == 0) {
    fs::permissions(path, fs::perms{0700});
    ASSERT_EQ(chown(path.c_str(), 12345, 12345), 0);
    EXPECT_THAT(start_there(), HasSubstr("another user"));
    EXPECT_THAT(start_there(), HasSubstr(path.string()));
  }
}

TEST_F(private_directory, is_not_made_where_its_parent_has_gone) {
  path = parent / "gone" / "own";
  EXPECT_THAT(start_there(), HasSubstr("No such file"));
  EXPECT_FALSE(fs::exists(parent / "gone"));
}

} // namespace
} // namespace ccapi::process
