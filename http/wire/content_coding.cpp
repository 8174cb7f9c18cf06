#include "http/wire/content_coding.hpp"

#include "http/wire/ascii.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <utility>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace ccapi::http {

namespace {

constexpr std::size_t piece_bytes = std::size_t{32} << 10;
/// log2 of the largest window that zstd frames may ask for: what RFC 8878 wants decoders to
/// support.
constexpr int zstd_window_log_max = 23;

/// What a step costs beside its output.
constexpr std::size_t step_work = 256;

constexpr int gzip_window = 15 + 16; // zlib's way to say "gzip"
constexpr int raw_window = -15;      // ... and "bare deflate"

} // namespace

std::optional<content_coding> parse_content_coding(std::string_view value) noexcept {
  if (ascii::equals_lower(value, "identity"))
    return content_coding::identity;
  if (ascii::equals_lower(value, "gzip") || ascii::equals_lower(value, "x-gzip"))
    return content_coding::gzip;
  if (ascii::equals_lower(value, "deflate"))
    return content_coding::deflate;
  if (ascii::equals_lower(value, "zstd"))
    return content_coding::zstd;
  return std::nullopt;
}

class encoded_body::format {
public:
  virtual ~format() = default;

  /// Decodes some of `bytes`, which it shortens, into `out`; the number of bytes there. Nothing if
  /// the data are not what they should be.
  virtual std::optional<std::size_t> step(std::string_view& bytes, std::span<char> out) = 0;
  /// True where the encoded data may end.
  [[nodiscard]] virtual bool at_end() const = 0;
};

namespace {

/// gzip and deflate.
class zlib_format final : public encoded_body::format {
public:
  explicit zlib_format(int window, bool may_go_on)
    : may_go_on_{may_go_on} {
    if (inflateInit2(&stream_, window) != Z_OK)
      throw std::bad_alloc{};
  }
  ~zlib_format() override { inflateEnd(&stream_); }
  zlib_format(const zlib_format&) = delete;
  zlib_format& operator=(const zlib_format&) = delete;

  /// The window for data that may be bare deflate: their first two bytes tell.
  static int window_of(std::string_view bytes) noexcept {
    if (bytes.size() < 2)
      return MAX_WBITS;
    const unsigned high = static_cast<unsigned char>(bytes[0]);
    const unsigned low = static_cast<unsigned char>(bytes[1]);
    const bool zlib_header = (high & 0x0fU) == Z_DEFLATED && (high * 256 + low) % 31 == 0;
    return zlib_header ? MAX_WBITS : raw_window;
  }

  std::optional<std::size_t> step(std::string_view& bytes, std::span<char> out) override {
    if (ended_) {
      if (bytes.empty())
        return 0;
      if (!may_go_on_ || inflateReset(&stream_) != Z_OK)
        return std::nullopt;
      ended_ = false;
    }
    stream_.next_in = reinterpret_cast<const Bytef*>(bytes.data());
    stream_.avail_in = static_cast<uInt>(std::min(bytes.size(), std::size_t{1} << 30));
    const auto given = stream_.avail_in;
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int code = inflate(&stream_, Z_NO_FLUSH);
    bytes.remove_prefix(given - stream_.avail_in);
    if (code == Z_STREAM_END)
      ended_ = true;
    else if (code == Z_MEM_ERROR)
      throw std::bad_alloc{};
    else if (code != Z_OK && code != Z_BUF_ERROR) // the latter: nothing to do now
      return std::nullopt;
    return out.size() - stream_.avail_out;
  }

  [[nodiscard]] bool at_end() const override { return ended_; }

private:
  const bool may_go_on_; ///< only gzip has further members
  z_stream stream_{};
  bool ended_ = false;
};

class zstd_format final : public encoded_body::format {
public:
  zstd_format()
    : stream_{ZSTD_createDStream(), &ZSTD_freeDStream} {
    if (!stream_)
      throw std::bad_alloc{};
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, zstd_window_log_max);
  }

  std::optional<std::size_t> step(std::string_view& bytes, std::span<char> out) override {
    if (bytes.empty() && between_frames_)
      return 0;
    ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
    ZSTD_outBuffer made{.dst = out.data(), .size = out.size(), .pos = 0};
    const auto left = ZSTD_decompressStream(stream_.get(), &made, &in);
    bytes.remove_prefix(in.pos);
    if (ZSTD_isError(left)) {
      if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
        throw std::bad_alloc{};
      return std::nullopt;
    }
    between_frames_ = left == 0;
    any_frame_ = any_frame_ || between_frames_;
    return made.pos;
  }

  [[nodiscard]] bool at_end() const override { return between_frames_ && any_frame_; }

private:
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  bool between_frames_ = true;
  bool any_frame_ = false;
};

std::unique_ptr<encoded_body::format> make_format(content_coding coding, std::string_view bytes) {
  if (coding == content_coding::zstd)
    return std::make_unique<zstd_format>();
  if (coding == content_coding::gzip)
    return std::make_unique<zlib_format>(gzip_window, true);
  return std::make_unique<zlib_format>(zlib_format::window_of(bytes), false);
}

} // namespace

namespace {

body_buffer without_room(body_buffer& body) {
  body.shrink();
  return std::move(body);
}

} // namespace

encoded_body::encoded_body(content_coding coding, body_buffer& body, limits allowed,
                           body_budget::share& held)
  : encoded_{without_room(body)},
    left_{encoded_.view()},
    body_{body},
    held_{held},
    bytes_max_{allowed.bytes_max},
    beyond_{&body_too_large},
    format_{make_format(coding, encoded_.view())} {
  const auto allowed_growth = encoded_.size() * allowed.expansion_max + free_expansion;
  if (allowed_growth < bytes_max_) {
    bytes_max_ = allowed_growth;
    beyond_ = &body_expands_too_much;
  }
}

encoded_body::~encoded_body() = default;

encoded_body::progress encoded_body::step(std::size_t work_max) {
  std::array<char, piece_bytes> piece; // NOLINT: filled by the format
  for (std::size_t work = 0; work < work_max;) {
    if (left_.empty() && !output_pending_)
      return {.problem = format_->at_end() ? nullptr : &bad_encoded_body};
    const auto made = format_->step(left_, piece);
    if (!made)
      return {.problem = &bad_encoded_body};
    if (const auto* problem = keep({piece.data(), *made}))
      return {.problem = problem};
    output_pending_ = *made == piece.size();
    work += step_work + *made;
  }
  return {.more = true};
}

/// Null, or why the body can't grow by these bytes.
const transport_problem* encoded_body::keep(std::string_view piece) {
  if (piece.size() > bytes_max_ - body_.size())
    return beyond_;
  if (!make_room(body_, piece.size(), bytes_max_, held_, encoded_.capacity())
      || !body_.append(piece))
    return &bodies_full;
  return nullptr;
}

} // namespace ccapi::http
