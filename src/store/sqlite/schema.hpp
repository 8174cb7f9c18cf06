#pragma once
// schema: the tables of a store's file, and how older files become newer ones.

#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <span>

namespace ccapi::store {

/// In the file's header: "CCAP".
inline constexpr std::int64_t application_id = 0x43434150;

/// One step from the version before; `sql` holds any number of statements.
struct migration {
  std::int64_t version;
  const char* sql;
};

/// All of them, in order of their versions, 1 and up.
std::span<const migration> migrations() noexcept;

/// What a file is, by its header.
enum class file_kind : std::uint8_t {
  empty,     ///< nothing in it yet
  ours,      ///< of this version or an older one
  newer,     ///< of a version that this program does not know
  not_ours,  ///< of another application
  unreadable ///< the connection has failed
};

/// `newest`: the last version known.
file_kind kind_of(connection& db, std::int64_t newest = migrations().back().version);

/// Brings an empty file or one of ours to the last of `steps`, in one transaction. True if it is.
bool migrate(connection& db, std::span<const migration> steps = migrations());

} // namespace ccapi::store
