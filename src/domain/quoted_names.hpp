#pragma once
// quoted_names: names of a client's own, for an error message: 'a', 'b' and 12 more.

#include "domain/utf8_character.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// However many and long the names are, what is said of them is short.
class quoted_names {
public:
  /// Names that are said.
  static constexpr std::size_t said_max = 8;
  /// Of one name.
  static constexpr std::size_t name_bytes_max = 128;

  void add(std::string_view name) {
    if (++count_ <= said_max)
      text_.append(count_ == 1 ? "'" : ", '").append(whole_characters(name, name_bytes_max)) +=
        '\'';
  }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::string text() const {
    return count_ <= said_max ? text_
                              : text_ + " and " + std::to_string(count_ - said_max) + " more";
  }

private:
  std::string text_;
  std::size_t count_ = 0;
};

} // namespace ccapi::domain
