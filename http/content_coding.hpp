#pragma once
// Content-Encoding of request bodies: which codings a field names, and a decoder that never
// gives out more than it may and does its work in slices. Pure.

#include "http/transport_problem.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::http {

inline constexpr transport_problem wrong_content_encoding{
  415, request_error_type, "unsupported_content_encoding",
  "Request bodies may be encoded with gzip, deflate or zstd, at most four times "
  "(Content-Encoding)."};
inline constexpr transport_problem bad_encoded_body{
  400, request_error_type, "invalid_content_encoding",
  "The body is not what Content-Encoding says: it is damaged, cut off, has bytes behind its end, "
  "or needs a dictionary or a window of more than 8 MiB.",
  true};

enum class content_coding : std::uint8_t { gzip, deflate, zstd };

/// Codings that may be applied to one body, one on the other.
constexpr std::size_t content_codings_max = 4;

/// Codings in the order in which they were applied.
struct content_coding_list {
  std::array<content_coding, content_codings_max> items{};
  std::size_t count = 0;

  [[nodiscard]] bool empty() const noexcept { return count == 0; }
};

/// Reads a Content-Encoding value: gzip (or x-gzip), deflate, zstd and identity, separated by
/// commas, in the order in which they were applied; identity is left out. Nothing if it names
/// another coding, too many, or none.
std::optional<content_coding_list> parse_content_codings(std::string_view value) noexcept;

/// Decodes one body, in slices. gzip may have several members and zstd several frames, as their
/// RFCs (1952, 8878) say; deflate is the zlib format, bare deflate data is taken as well. The
/// output of each coding, the inner ones included, is limited, so that no body costs more than
/// `output_max` times the number of its codings; memory beside the output: 100 KiB a coding, for
/// zstd up to 8 MiB more.
class content_decoder {
public:
  /// One coding of the body.
  class layer;

  struct progress {
    const transport_problem* problem = nullptr; ///< bad_encoded_body or body_too_large: stop
    bool more = false;                          ///< call again
  };

  /// `codings` must not be empty.
  content_decoder(const content_coding_list& codings, std::size_t output_max);
  ~content_decoder();
  content_decoder(const content_decoder&) = delete;
  content_decoder& operator=(const content_decoder&) = delete;

  /// The next bytes of the body; they must stay where they are until they are decoded.
  void take(std::string_view bytes) noexcept { inputs_.front() = bytes; }
  /// Appends to `out`. Ends when all is decoded that was taken, or after about `work_max` bytes of
  /// output of all codings together.
  progress run(std::string& out, std::size_t work_max);
  /// The body is complete: null, or bad_encoded_body if something is missing.
  [[nodiscard]] const transport_problem* finish() const;

private:
  std::vector<std::unique_ptr<layer>> layers_;               ///< the outermost coding first
  std::array<std::string_view, content_codings_max> inputs_; ///< what each has not yet taken
};

/// A body that has arrived and is being decoded into its own place.
class encoded_body {
public:
  /// `body` must outlive this; it is emptied and then filled anew, with at most `bytes_max`.
  encoded_body(const content_coding_list& codings, std::string& body, std::size_t bytes_max);

  /// Decodes the next slice, of about `work_max` bytes.
  content_decoder::progress step(std::size_t work_max);

private:
  std::string encoded_;
  std::string& body_;
  content_decoder decoder_;
};

} // namespace ccapi::http
