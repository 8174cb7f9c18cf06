#pragma once
// store_rig: a store in a directory of its own, and what is written to it in short.

#include "domain/store/store.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::store {

/// Gone with all that is in it when the test is over.
class temp_directory {
public:
  enum class kind : std::uint8_t { on_disk, in_memory };

  /// In memory, if the machine has such a file system: for much that is small.
  explicit temp_directory(kind where = kind::on_disk);
  temp_directory(const temp_directory&) = delete;
  temp_directory& operator=(const temp_directory&) = delete;
  ~temp_directory();

  [[nodiscard]] std::string operator/(std::string_view name) const {
    return path_ + "/" + std::string{name};
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
};

/// The test fails if it is refused.
std::unique_ptr<sqlite_store> opened(const std::string& path);
std::unique_ptr<sqlite_store> opened(sqlite_options options);

domain::wall_time at(std::int64_t seconds);

/// A question and its answer.
std::vector<domain::message> said(const std::string& question, const std::string& answer);

struct turn_spec {
  std::string id = "c";
  std::string tenant = "t";
  domain::turn_number expected_last = 0;
  domain::turn_number parent = 0;
  std::uint64_t depth = 2;
  std::string question = "q";
  domain::stored_state state = domain::stored_state::finished;
  bool named = true;
  std::int64_t seconds = 1000;
};

domain::append_turn turn_of(const turn_spec& spec);

/// What became of a single write.
domain::store_outcome put(domain::store& into, domain::store_write write);

/// The texts of a dialogue's questions, "q1 q2 ..."; "-" if there is none.
std::string questions_of(domain::store& from, const std::string& tenant, const std::string& id);

/// How far a test goes in one step that may go through all calls or bytes: `usual`, or 1 if the
/// environment has CCAPI_EVERY_CALL.
std::uint64_t stride(std::uint64_t usual);

/// All bytes of a file.
std::string content_of(const std::string& path);
/// SQLite's own check of a file that nobody has open: "ok".
std::string integrity_of(const std::string& path);
/// Runs statements on it by the side door.
void meddle(const std::string& path, const std::string& statements);
/// The first column of the first row.
std::int64_t peek(const std::string& path, const std::string& statement);

} // namespace ccapi::store
