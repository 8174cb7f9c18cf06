#pragma once
// Texts in which there is nothing to read.

#include <string_view>

namespace ccapi::domain {

/// True for an empty text and for white space only, as Unicode, Python and JavaScript know it: the
/// Messages API refuses such texts, and the CLI drops them. Pure.
bool is_blank(std::string_view text) noexcept;

} // namespace ccapi::domain
