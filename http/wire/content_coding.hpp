#pragma once
// Content-Encoding of request bodies: which coding a field names, and a decoder that never gives
// out more than it may and does its work in slices. Pure.

#include "http/wire/body_budget.hpp"
#include "http/wire/transport_problem.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace ccapi::http {

inline constexpr transport_problem wrong_content_encoding{
  415, error_kind::invalid_request, "unsupported_content_encoding",
  "A request body may be encoded once, with gzip, deflate or zstd: Content-Encoding names one "
  "coding."};
inline constexpr transport_problem bad_encoded_body{
  400, error_kind::invalid_request, "invalid_content_encoding",
  "The body is not what Content-Encoding says: it is damaged, cut off, has bytes behind its end, "
  "or needs a dictionary or a window of more than 8 MiB.",
  true};
inline constexpr transport_problem body_expands_too_much{
  413, error_kind::invalid_request, "request_too_large",
  "The encoded body grows beyond limits.body_expansion_max times its size.", true};

enum class content_coding : std::uint8_t { identity, gzip, deflate, zstd };

/// Reads a Content-Encoding value: gzip (or x-gzip), deflate, zstd or identity. Nothing if it names
/// another coding, more than one, or none.
std::optional<content_coding> parse_content_coding(std::string_view value) noexcept;

/// A body that has arrived and is being decoded into its own place, in slices. gzip may have
/// several members and zstd several frames, as their RFCs (1952, 8878) say; deflate is the zlib
/// format, bare deflate data is taken as well. Memory beside the body: 100 KiB, for zstd up to 8
/// MiB more.
class encoded_body {
public:
  /// Decoded bytes that are free of the limit on expansion.
  static constexpr std::size_t free_expansion = std::size_t{1} << 20;

  struct limits {
    std::size_t bytes_max;     ///< of the decoded body
    std::size_t expansion_max; ///< decoded bytes beyond the free ones, for each encoded one
  };
  struct progress {
    const transport_problem* problem = nullptr; ///< stop
    bool more = false;                          ///< call again
  };
  /// One of the formats.
  class format;

  /// `body` and `held` must outlive this; the body is emptied and then filled anew. `coding` is not
  /// identity.
  encoded_body(content_coding coding, body_buffer& body, limits allowed, body_budget::share& held);
  ~encoded_body();
  encoded_body(const encoded_body&) = delete;
  encoded_body& operator=(const encoded_body&) = delete;

  /// Decodes the next slice, of about `work_max` bytes.
  progress step(std::size_t work_max);

private:
  const transport_problem* keep(std::string_view piece);

  const body_buffer encoded_;
  std::string_view left_; ///< of it
  body_buffer& body_;
  body_budget::share& held_;
  std::size_t bytes_max_;
  const transport_problem* beyond_; ///< what a body of more bytes is
  std::unique_ptr<format> format_;
  bool output_pending_ = false; ///< there may be more without further input
};

} // namespace ccapi::http
