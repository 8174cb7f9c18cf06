#include "domain/ids.hpp"
#include "process/executable.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ccapi::process {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;

class executable_test : public testing::Test {
protected:
  executable_test() {
    fs::create_directories(place / "bin");
    fs::create_directories(place / "other");
  }
  ~executable_test() override { fs::remove_all(place); }

  fs::path add(const char* name, unsigned mode) {
    const fs::path path = place / name;
    std::ofstream{path} << "#!/bin/sh\n";
    fs::permissions(path, static_cast<fs::perms>(mode));
    return path;
  }
  /// What a person is told when `command` can't be used.
  std::string refusal(const std::string& command, const std::string& path_variable = {}) {
    const auto found = find_executable(command, path_variable);
    if (found) {
      ADD_FAILURE() << "found " << *found;
      return {};
    }
    EXPECT_EQ(found.error().code, domain::error_code::cli_unavailable);
    EXPECT_FALSE(found.error().retry_useful);
    EXPECT_THAT(found.error().message, HasSubstr("claude.command"));
    return found.error().message;
  }

  fs::path place = fs::canonical(fs::temp_directory_path()) / ("ccapi_" + domain::random_hex_128());
};

TEST_F(executable_test, finds_a_name_in_the_first_fitting_directory) {
  add("bin/claude", 0644); // not executable: passed over
  const auto second = add("other/claude", 0755);
  const auto path =
    (place / "none").string() + ':' + (place / "bin").string() + "::" + (place / "other").string();
  const auto found = find_executable("claude", path);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, second.string());
}

TEST_F(executable_test, follows_links_to_the_real_file) {
  const auto real = add("other/claude-2.1.330", 0755);
  fs::create_symlink(real, place / "bin/claude");
  const auto found = find_executable("claude", (place / "bin").string());
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, real.string());
}

TEST_F(executable_test, takes_a_path_as_it_is) {
  const auto real = add("bin/my claude", 0755);
  const auto found = find_executable((place / "bin/../bin/my claude").string(), "");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, real.string());
}

TEST_F(executable_test, never_searches_relative_directories) {
  add("bin/claude", 0755);
  const auto before = fs::current_path();
  fs::current_path(place / "bin");
  EXPECT_THAT(refusal("claude", ".::bin"), HasSubstr("PATH"));
  fs::current_path(before);
}

TEST_F(executable_test, says_what_is_wrong_with_a_file) {
  EXPECT_THAT(refusal("claude", place.string()), HasSubstr("npm install"));
  EXPECT_THAT(refusal((place / "none").string()), HasSubstr("No such file"));
  EXPECT_THAT(refusal((place / "bin").string()), HasSubstr("is not a file"));
  EXPECT_THAT(refusal(add("bin/plain", 0644).string()), HasSubstr("not executable"));
  EXPECT_THAT(refusal(add("bin/open", 0757).string()), HasSubstr("every user"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
}

TEST_F(executable_test, refuses_a_link_to_a_file_that_everybody_can_change) {
  fs::create_symlink(add("other/open", 0777), place / "bin/claude");
  EXPECT_THAT(refusal("claude", (place / "bin").string()), HasSubstr("every user"));
}

TEST(find_shim, finds_the_shim_beside_the_running_program) {
  const auto found = find_shim("no/such/directory");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, EndsWith("/claude-code-api-shim"));
}

} // namespace
} // namespace ccapi::process
