#pragma once
// executable: finds the programs that the gateway starts; once, at start.

#include "domain/result.hpp"

#include <string>
#include <string_view>

namespace ccapi::process {

/// The absolute path, free of symbolic links, of the CLI. `command` is a name, looked up in the
/// absolute directories of `path_variable` (the value of PATH), or a path. The file must be
/// executable for us and not writable for everybody, else another user of the host could put any
/// program in its place. Fails with: cli_unavailable (message for a person: what to do).
domain::result<std::string> find_executable(std::string_view command,
                                            std::string_view path_variable);

/// The absolute path of the running program. Fails with: cli_unavailable (/proc is not mounted).
domain::result<std::string> own_path();

/// The absolute path of the shim: beside the running program, else in `libexec_directory`, which
/// is relative to the running program's directory. Fails with: cli_unavailable.
domain::result<std::string> find_shim(std::string_view libexec_directory);

} // namespace ccapi::process
