#pragma once
// document: checks documents before anybody is asked to read them. Pure; any thread.

#include "domain/content.hpp"
#include "domain/result.hpp"

#include <cstddef>
#include <string_view>

namespace ccapi::media {

struct document_limits {
  std::size_t base64_bytes_max = std::size_t{24} << 20;
};

/// A PDF, or a text in UTF-8. `data`: a data: URL, or base64 alone; `title`: the name of its file.
/// A PDF is looked at where it begins and ends, not read. Fails with invalid_request: `message`
/// goes on behind the name of a field; `param` is left to the caller.
domain::result<domain::document_block> read_document(std::string_view data, std::string_view title,
                                                     const document_limits& limits);

/// Its bytes are of its type and have its hash; whatever made it.
bool is_sound(const domain::document_block& document);

} // namespace ccapi::media
