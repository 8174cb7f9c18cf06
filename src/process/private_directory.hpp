#pragma once
// private_directory: a directory of our own for children to run in. It is made where nothing is,
// and never taken over from anybody else.

#include "domain/result.hpp"
#include "process/child_process.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace ccapi::process {

/// What stands where the directory should be.
enum class directory_state : std::uint8_t {
  usable,        ///< a directory of ours, closed to others
  link,          ///< a symbolic link, wherever it leads
  no_directory,  ///< a file, a socket, ...
  foreign,       ///< another user's directory
  open_to_others ///< ours, but others have some access
};

/// `mode` and `owner` as lstat() gives them; `self` is the user who wants it. Pure.
directory_state judge_directory(mode_t mode, uid_t owner, uid_t self) noexcept;
/// For people: why it can't be used.
std::string_view to_string(directory_state state) noexcept;

/// Opens it for fchdir(), and makes it first if nothing is there. Whatever becomes of its name
/// later, the descriptor stands for what was looked at. Any thread; a few system calls.
/// Fails with: cli_unavailable. `detail` names the directory and the reason.
domain::result<unique_fd> open_private_directory(const std::string& path);

} // namespace ccapi::process
