#pragma once
// store_file: the place of a store on the disk: who may get at it, and that one process at a time
// does.

#include <cstdint>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>
#include <utility>

namespace ccapi::store {

/// Why a file can't be used.
struct place_trouble {
  /// True: somebody else could read or change what is stored, or the path makes no sense. False: it
  /// may pass, or be mended while the program runs.
  bool unsafe = false;
  std::string reason; ///< for the operator, with what to do; empty: all is well
};

/// Held as long as it lives, and not beyond the process.
class file_lock {
public:
  file_lock() = default;
  explicit file_lock(int descriptor) noexcept
    : descriptor_{descriptor} {}
  file_lock(file_lock&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)} {}
  file_lock& operator=(file_lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;
  ~file_lock();

  [[nodiscard]] bool held() const noexcept { return descriptor_ >= 0; }

private:
  int descriptor_ = -1;
};

struct store_place {
  std::string path; ///< of the file, without links
  file_lock lock;
  place_trouble trouble;
};

/// Makes missing directories (0700) and an empty file (0600) where there is none, takes the lock
/// beside it, and takes from the others what rights to read they have. Any thread; blocks.
store_place claim_place(const std::string& path);

/// For reading only: makes and changes nothing, takes no lock.
store_place find_place(const std::string& path);

/// What is wrong with a file of ours that looks like this, or nullptr. `self`: the user who wants
/// to use it. Pure.
const char* flaw_of_file(const struct stat& info, uid_t self) noexcept;
/// The same of the directory that it is in.
const char* flaw_of_directory(const struct stat& info, uid_t self) noexcept;

} // namespace ccapi::store
