#pragma once
// trouble_text: what an operator is told of a database that fails. Pure.

#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <string>

namespace ccapi::store {

/// What kind of failure it is, by what can be done about it.
enum class trouble_kind : std::uint8_t {
  statement,      ///< one statement's own: others are not affected
  damaged_row,    ///< the same
  busy,           ///< another process has a lock
  full,           ///< no room on the disk
  io,             ///< the disk fails
  read_only,      ///< no rights, or a read-only file system
  cant_open,      ///< the file, or one beside it
  damaged,        ///< the database's structure is broken
  not_a_database, ///< something else is in the file
  no_memory,
};

trouble_kind kind_of_trouble(const db_failure& failure) noexcept;

/// Nobody can write as long as it lasts.
bool concerns_all(trouble_kind kind) noexcept;

/// One paragraph: what is wrong with the file, and what to do.
std::string reason_text(const std::string& path, const db_failure& failure);

} // namespace ccapi::store
