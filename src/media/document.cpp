#include "media/document.hpp"

#include "domain/blank.hpp"
#include "json/utf8.hpp"
#include "media/base64.hpp"
#include "media/data_url.hpp"
#include "media/hash_of.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ccapi::media {

namespace {

using namespace std::string_view_literals;

constexpr auto pdf = "application/pdf"sv;
constexpr auto plain = "text/plain"sv;
constexpr std::size_t title_bytes_max = 255;

domain::error refusal(std::string rule) {
  return {
    .code = domain::error_code::invalid_request, .message = std::move(rule), .retry_useful = false};
}

bool is_pdf(std::string_view bytes) noexcept {
  return bytes.starts_with("%PDF-"sv);
}

/// The dictionary that says what the whole file is, with what stands between it and the end; empty:
/// there is none, so the file is cut off.
std::string_view trailer_of(std::string_view bytes) noexcept {
  const auto end = bytes.rfind("%%EOF"sv);
  const auto mark = bytes.substr(0, end).rfind("startxref"sv);
  if (end == std::string_view::npos || mark == std::string_view::npos)
    return {};
  auto digits = bytes.substr(mark + "startxref"sv.size(), 32);
  digits.remove_prefix(std::min(digits.size(), digits.find_first_not_of(" \r\n\t"sv)));
  std::size_t offset = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  if (read.ec != std::errc{} || offset >= mark)
    return bytes.substr(mark, end - mark);          // readers mend that
  auto table = bytes.substr(offset, mark - offset); // with what stands behind it
  table = table.substr(0, table.find(table.starts_with("xref"sv) ? "startxref"sv : "stream"sv));
  const auto trailer = table.find("trailer"sv);
  if (trailer != std::string_view::npos)
    return table.substr(trailer);
  return table.empty() ? bytes.substr(mark, end - mark) : table;
}

bool is_text(std::string_view bytes) noexcept {
  return bytes.find('\0') == std::string_view::npos && json::is_valid(bytes);
}

/// Types whose content is text; an empty one may be.
bool may_be_text(std::string_view type) noexcept {
  return type.empty() || type.starts_with("text/"sv) || type == "application/json"sv
         || type == "application/xml"sv || type == "application/javascript"sv
         || type == "application/octet-stream"sv || type.ends_with("+json"sv)
         || type.ends_with("+xml"sv) || type == "application/yaml"sv
         || type == "application/x-yaml"sv || type == "application/toml"sv
         || type == "application/sql"sv || type == "application/x-ndjson"sv;
}

domain::result<domain::document_block> pdf_of(std::string_view bytes, std::string_view base64) {
  const auto trailer = trailer_of(bytes);
  if (trailer.empty())
    return refusal("is cut off: the PDF's end is missing");
  if (trailer.find("/Encrypt"sv) != std::string_view::npos)
    return refusal("is an encrypted PDF, which the API does not read");
  return domain::document_block{.media_type = std::string{pdf},
                                .title = {},
                                .data = std::make_shared<const std::string>(base64),
                                .hash = hash_of(bytes)};
}

domain::result<domain::document_block> text_of(std::string_view bytes) {
  constexpr auto byte_order_mark = "\xef\xbb\xbf"sv;
  if (bytes.starts_with(byte_order_mark))
    bytes.remove_prefix(byte_order_mark.size());
  if (!is_text(bytes))
    return refusal("must be a PDF, or a text in UTF-8");
  if (domain::is_blank(bytes))
    return refusal("is empty");
  return domain::document_block{.media_type = std::string{plain},
                                .title = {},
                                .data = std::make_shared<const std::string>(bytes),
                                .hash = hash_of(bytes)};
}

domain::result<domain::document_block> document_of(std::string_view type, std::string_view bytes,
                                                   std::string_view base64) {
  if (type.starts_with("image/"sv))
    return refusal("is a picture: send it in a part of type image_url");
  const bool pdf_wanted = type.empty() || type == pdf || type == "application/octet-stream"sv
                          || type == "application/x-pdf"sv;
  if (is_pdf(bytes) && pdf_wanted)
    return pdf_of(bytes, base64);
  if (is_pdf(bytes) || type == pdf || type == "application/x-pdf"sv)
    return refusal("its bytes are not those of " + std::string{type});
  if (!may_be_text(type))
    return refusal("must be of type application/pdf, or a text");
  return text_of(bytes);
}

} // namespace

domain::result<domain::document_block> read_document(std::string_view data, std::string_view title,
                                                     const document_limits& limits) {
  if (title.size() > title_bytes_max)
    return refusal("the file's name must not be longer than 255 bytes");
  const auto url = split_data_url(data);
  if (url && url->encoding != "base64")
    return refusal("must be a data: URL in base64");
  const auto base64 = url ? url->data : data;
  if (base64.size() > limits.base64_bytes_max)
    return refusal("must not be larger than " + std::to_string(limits.base64_bytes_max)
                   + " bytes of base64 (limits.document_bytes_max)");
  const auto bytes = decoded(base64);
  if (!bytes)
    return refusal("is not valid base64 (standard alphabet, with padding, no line breaks)");
  auto document = document_of(url ? std::string_view{url->type} : ""sv, *bytes, base64);
  if (document)
    document->title = title;
  return document;
}

bool is_sound(const domain::document_block& document) {
  if (document.title.size() > title_bytes_max)
    return false;
  if (document.media_type == plain)
    return is_text(*document.data) && hash_of(*document.data) == document.hash;
  const auto bytes = decoded(*document.data);
  return document.media_type == pdf && bytes && is_pdf(*bytes) && hash_of(*bytes) == document.hash;
}

} // namespace ccapi::media
