#pragma once
// What the system grants this program, and what is given back to it.

#include "config/settings.hpp"
#include "observe/log.hpp"

namespace ccapi {

/// Large blocks of memory, bodies above all, go back to the system when they are freed. Call it
/// before there are threads.
void give_large_blocks_back() noexcept;

/// The settings with no more connections than there are descriptors for, of which it first gets as
/// many as it may; a lower number is logged.
config::settings within_descriptors(const config::settings& wanted, const observe::logger& log);

} // namespace ccapi
