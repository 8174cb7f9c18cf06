#pragma once
// survey: all conversations of a file, for those who look at every one.

#include "domain/store/store.hpp"
#include "store/conversation_lines.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::store {

struct conversation_name {
  std::string tenant;
  std::string id;

  /// As JSON: {"tenant":"a","id":"b"}.
  [[nodiscard]] std::string text() const;
};

/// In the order of tenants and ids. Ends early if the connection fails.
std::vector<conversation_name> all_conversations(connection& db);

/// One of them, as lines. Empty, with the reason in `flaw`, if it can't be read or does not fit
/// together; the connection has no failure then.
std::string lines_of(connection& db, const conversation_name& name, std::uint64_t& turns,
                     std::string& flaw);

} // namespace ccapi::store
