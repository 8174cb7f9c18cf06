#pragma once
// seal: a checksum of a row, against what a disk may make of it. SQLite has none: it notices damage
// to its own structure only.

#include "domain/hash128.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::store {

/// Takes the row's values in order. One thread.
class seal {
public:
  seal();
  seal(const seal&) = delete;
  seal& operator=(const seal&) = delete;
  ~seal();

  seal& number(std::int64_t value);
  seal& text(std::string_view value);
  /// As the column `seal` holds it.
  [[nodiscard]] std::int64_t value() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Of a payload's bytes: its name, and its checksum.
domain::hash128 payload_hash(std::string_view bytes);
/// The 16 bytes that stand for it in the file.
std::string bytes_of(const domain::hash128& hash);

} // namespace ccapi::store
