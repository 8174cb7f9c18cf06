#pragma once
// A directory of its own for a test, with the files that the test puts there.

#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <string_view>

namespace ccapi::config::test {

/// Removed with all it holds when destroyed.
class temporary_directory {
public:
  temporary_directory() {
    std::string pattern = std::filesystem::temp_directory_path() / "ccapi-config-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  void put(const std::string& name, std::string_view text) const {
    const auto file = std::filesystem::path{path_} / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
  }

private:
  std::string path_;
};

} // namespace ccapi::config::test
