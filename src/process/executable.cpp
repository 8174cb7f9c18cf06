#include "process/executable.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace ccapi::process {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view shim_name = "claude-code-api-shim";

domain::error unavailable(std::string message, std::string detail = {}) {
  domain::error failure;
  failure.code = domain::error_code::cli_unavailable;
  failure.message = std::move(message);
  failure.detail = std::move(detail);
  failure.retry_useful = false;
  return failure;
}

bool is_executable_file(const fs::path& path) {
  std::error_code failure;
  return fs::is_regular_file(path, failure) && !failure
         && ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

/// The first match, as a shell would find it. Relative entries are left out: what they mean
/// depends on where the gateway was started.
std::optional<fs::path> search(std::string_view name, std::string_view path_variable) {
  while (!path_variable.empty()) {
    const std::size_t colon = path_variable.find(':');
    const auto directory = path_variable.substr(0, colon);
    path_variable = colon == std::string_view::npos ? "" : path_variable.substr(colon + 1);
    if (!directory.starts_with('/'))
      continue;
    fs::path candidate = fs::path{directory} / name;
    if (is_executable_file(candidate))
      return candidate;
  }
  return std::nullopt;
}

/// Why `path`, which is free of symbolic links, must not be run. Empty: it may.
std::string objection(const fs::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return "can't be examined (" + std::generic_category().message(errno) + ')';
  if (!S_ISREG(found.st_mode))
    return "is not a file";
  if (!is_executable_file(path))
    return "is not executable for this user";
  if ((found.st_mode & S_IWOTH) != 0)
    return "can be changed by every user of this host; run 'chmod o-w' on it";
  return {};
}

} // namespace

domain::result<std::string> find_executable(std::string_view command,
                                            std::string_view path_variable) {
  const std::string name{command};
  if (name.empty() || name.find('\0') != std::string::npos)
    return unavailable(
      "claude.command is empty or no valid name: set it to the name or the path of "
      "the Claude Code CLI.");
  std::optional<fs::path> found = name;
  if (name.find('/') == std::string::npos) {
    found = search(name, path_variable);
    if (!found)
      return unavailable(
        "The Claude Code CLI was not found: there is no '" + name
          + "' in PATH. Install it (npm install -g @anthropic-ai/claude-code) and log "
            "in, or set claude.command to its path; then start the gateway "
            "again.",
        "PATH=" + std::string{path_variable});
  }
  std::error_code failure;
  const fs::path real = fs::canonical(*found, failure);
  if (failure)
    return unavailable("The Claude Code CLI was not found: '" + found->string() + "' ("
                       + failure.message()
                       + "). Correct claude.command, then start the gateway again.");
  if (const auto why = objection(real); !why.empty())
    return unavailable("The Claude Code CLI can't be used: '" + real.string() + "' " + why
                       + ". Correct this or claude.command, then start the gateway again.");
  return real.string();
}

domain::result<std::string> own_path() {
  std::error_code failure;
  const fs::path self = fs::read_symlink("/proc/self/exe", failure);
  if (failure)
    return unavailable("The gateway can't find its own files: /proc is not mounted. Mount it, then "
                       "start again.",
                       failure.message());
  return self.string();
}

domain::result<std::string> find_shim(std::string_view libexec_directory) {
  const auto self = own_path();
  if (!self)
    return self.error();
  std::error_code failure;
  const fs::path here = fs::path{*self}.parent_path();
  for (const fs::path& directory : {here, here / libexec_directory}) {
    const fs::path real = fs::canonical(directory / shim_name, failure);
    if (!failure && objection(real).empty())
      return real.string();
  }
  return unavailable(
    "The gateway's installation is incomplete: " + std::string{shim_name}
      + ", through which it starts processes, is missing beside the program or may "
        "be changed by others. Install claude-code-api again.",
    "looked in " + here.string() + " and " + (here / libexec_directory).string());
}

} // namespace ccapi::process
