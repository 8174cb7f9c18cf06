#include "process/private_directory.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace ccapi::process {
namespace {

constexpr mode_t owner_only = 0700;
constexpr mode_t rights_of_others = 077;

domain::error refusal(const std::string& path, std::string_view why, bool may_pass = false) {
  return {.code = domain::error_code::cli_unavailable,
          .message = "The Claude CLI could not be started: its working directory can't be used. "
                     "The gateway's log has the reason.",
          .detail = "working directory " + path + ": " + std::string{why},
          .retry_useful = may_pass};
}

domain::error refusal_by_system(const std::string& path, int reason) {
  return refusal(path, std::generic_category().message(reason),
                 reason == EMFILE || reason == ENFILE || reason == ENOMEM);
}

} // namespace

directory_state judge_directory(mode_t mode, uid_t owner, uid_t self) noexcept {
  if (S_ISLNK(mode))
    return directory_state::link;
  if (!S_ISDIR(mode))
    return directory_state::no_directory;
  if (owner != self)
    return directory_state::foreign;
  return (mode & rights_of_others) == 0 ? directory_state::usable : directory_state::open_to_others;
}

std::string_view to_string(directory_state state) noexcept {
  switch (state) {
  case directory_state::usable:
    return "it is usable";
  case directory_state::link:
    return "it is a symbolic link";
  case directory_state::no_directory:
    return "it is not a directory";
  case directory_state::foreign:
    return "it belongs to another user";
  case directory_state::open_to_others:
    return "other users have access to it";
  }
  return {};
}

domain::result<unique_fd> open_private_directory(const std::string& path) {
  // O_PATH with O_NOFOLLOW opens a link itself, so that it can be told from a directory.
  const auto open = [&] {
    return unique_fd{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  };
  auto found = open();
  if (!found.valid() && errno == ENOENT) {
    // EEXIST: somebody was quicker; what he made is looked at like anything else.
    if (::mkdir(path.c_str(), owner_only) != 0 && errno != EEXIST)
      return refusal_by_system(path, errno);
    found = open();
  }
  if (!found.valid())
    return refusal_by_system(path, errno);
  struct stat info {};
  if (::fstat(found.get(), &info) != 0)
    return refusal_by_system(path, errno);
  if (const auto state = judge_directory(info.st_mode, info.st_uid, ::geteuid());
      state != directory_state::usable)
    return refusal(path, to_string(state));
  return found;
}

} // namespace ccapi::process
