#include "store/sqlite/trouble_text.hpp"

#include <cerrno>
#include <system_error>

namespace ccapi::store {

trouble_kind kind_of_trouble(const db_failure& failure) noexcept {
  switch (failure.primary()) {
  case db_failure::damaged_row:
    return trouble_kind::damaged_row;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_PROTOCOL:
    return trouble_kind::busy;
  case SQLITE_FULL:
    return trouble_kind::full;
  case SQLITE_IOERR:
    // Some calls tell it this way only.
    return failure.system_error == ENOSPC || failure.system_error == EDQUOT ? trouble_kind::full
                                                                            : trouble_kind::io;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
    return trouble_kind::read_only;
  case SQLITE_CANTOPEN:
    return trouble_kind::cant_open;
  case SQLITE_CORRUPT:
    return trouble_kind::damaged;
  case SQLITE_NOTADB:
    return trouble_kind::not_a_database;
  case SQLITE_NOMEM:
    return trouble_kind::no_memory;
  default:
    return trouble_kind::statement;
  }
}

bool concerns_all(trouble_kind kind) noexcept {
  return kind != trouble_kind::statement && kind != trouble_kind::damaged_row;
}

std::string reason_text(const std::string& path, const db_failure& failure) {
  std::string why = " (" + failure.text + ", code " + std::to_string(failure.code);
  if (failure.system_error != 0)
    why += ", " + std::generic_category().message(failure.system_error);
  why += ")";
  switch (kind_of_trouble(failure)) {
  case trouble_kind::statement:
    return path + " does not take a statement" + why
           + ". The gateway and the file do not fit together: check the file with the gateway's "
             "own command, and report this.";
  case trouble_kind::damaged_row:
    return "A row in " + path + " is damaged" + why
           + ". Other conversations are not affected. Check the file, and restore a backup if more "
             "is damaged.";
  case trouble_kind::busy:
    return path + " is locked by another process" + why
           + ". End what has it open for writing: an sqlite3 shell, a backup, another gateway. The "
             "gateway tries again by itself.";
  case trouble_kind::full:
    return "The disk that " + path + " is on is full" + why
           + ". Make room there, or lower store.bytes_max. The gateway tries again by itself.";
  case trouble_kind::io:
    return "The disk that " + path + " is on reports errors" + why
           + ". See the kernel's log (dmesg). The gateway tries again by itself.";
  case trouble_kind::read_only:
    return path + " can't be written" + why
           + ". Give the gateway's user the rights to write it and its directory, or mount the "
             "file "
             "system for writing. The gateway tries again by itself.";
  case trouble_kind::cant_open:
    return path + ", or a file beside it, can't be opened" + why
           + ". See that the directory is there and the gateway's user may write to it. The "
             "gateway "
             "tries again by itself.";
  case trouble_kind::damaged:
    return path + " is damaged" + why
           + ". Stop the gateway, keep a copy of the file and of the ones whose names begin alike, "
             "export what can still be read, and restore a backup or begin with a new file. "
             "Nothing is written to it until then.";
  case trouble_kind::not_a_database:
    return path + " is no SQLite database" + why
           + ". Move it away, or set store.path to another file. The gateway tries again by "
             "itself.";
  case trouble_kind::no_memory:
    return "There was no memory to use " + path + why + ". The gateway tries again by itself.";
  }
  return {};
}

} // namespace ccapi::store
