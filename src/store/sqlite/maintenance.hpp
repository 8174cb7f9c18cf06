#pragma once
// maintenance: what an operator may do with a store's file. check_file and export_lines may run
// while a gateway uses it; they see it as it was when they began, and its log grows meanwhile.

#include "domain/content.hpp"
#include "domain/result.hpp"

#include <cstdint>
#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

namespace ccapi::store {

struct check_report {
  bool sound = false;
  std::string text; ///< lines for the operator, each with its line break
};

/// Reads everything: SQLite's own check, every row against its checksum, every dialogue from its
/// head to its beginning. Blocks for long.
check_report check_file(const std::string& path);

struct export_report {
  std::uint64_t conversations = 0;
  std::uint64_t turns = 0;
  /// What could not be read, and is not in the output, a line each; empty: all is there.
  std::vector<std::string> damaged;
};

/// Writes all conversations, in the order of tenants and ids (see conversation_lines.hpp). A
/// damaged conversation is left out. Fails with: store_unavailable, for the operator, if the file
/// can't be opened or `out` can't be written.
domain::result<export_report> export_lines(const std::string& path, std::ostream& out);

struct import_report {
  std::uint64_t conversations = 0; ///< that are new
  std::uint64_t turns = 0;         ///< of these
  std::uint64_t present = 0;       ///< conversations that were there already, and the same
};

/// Whether a picture or document is what it is said to be.
struct media_checks {
  std::function<bool(const domain::image_block&)> picture;
  std::function<bool(const domain::document_block&)> document;
};

/// Adds what export_lines wrote to a store, which is made if it does not exist. No gateway may use
/// it. An existing conversation is never changed, and every picture and document is checked. What
/// comes before a bad line may be in the store then; importing the mended file again is fine. Fails
/// with: store_unavailable, for the operator, with the number of the line if that is why.
domain::result<import_report> import_lines(std::istream& in, const std::string& path,
                                           const media_checks& is_sound);

} // namespace ccapi::store
