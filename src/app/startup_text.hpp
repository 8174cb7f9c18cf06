#pragma once
// What a person sees when the gateway has started, or why it has not.

#include "config/settings.hpp"
#include "domain/error.hpp"
#include "domain/metrics/status.hpp"
#include "observe/log.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi {

/// Several lines, ready to print: where it listens, which CLI answers, what it may do, the limits,
/// and a command to try.
std::string startup_text(std::string_view version, const std::vector<std::string>& addresses,
                         const domain::health& health, const config::settings& settings);

/// Tells each fact of the start once: as startup_text on stdout (log.format = text, or stdout is a
/// terminal), as log lines (log.format = json).
void announce(const observe::logger& log, std::string_view version,
              const std::vector<std::string>& addresses, const domain::health& health,
              const config::settings& settings);

/// The system does not grant the threads that the gateway needs.
domain::error too_few_threads(std::size_t wanted, std::size_t granted);

/// Something else that the system did not give: threads all the same, descriptors, memory.
domain::error start_failure(std::string_view what);

/// Tells on stderr why the gateway does not start: a paragraph, or with log.format = json a log
/// line. Gives the exit code: 78 for what the configuration has to change (invalid_request), else
/// 1.
int refuse_start(const observe::logger& log, const domain::error& why,
                 const config::settings& settings);

} // namespace ccapi
