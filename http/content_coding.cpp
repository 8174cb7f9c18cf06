#include "http/content_coding.hpp"

#include "http/ascii.hpp"

#include <algorithm>
#include <array>
#include <new>

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

constexpr int gzip_window = 15 + 16; // zlib's way to say "gzip"
constexpr int raw_window = -15;      // ... and "bare deflate"

std::optional<content_coding> coding_named(std::string_view name) noexcept {
  if (ascii::equals_lower(name, "gzip") || ascii::equals_lower(name, "x-gzip"))
    return content_coding::gzip;
  if (ascii::equals_lower(name, "deflate"))
    return content_coding::deflate;
  if (ascii::equals_lower(name, "zstd"))
    return content_coding::zstd;
  return std::nullopt;
}

} // namespace

std::optional<content_coding_list> parse_content_codings(std::string_view value) noexcept {
  content_coding_list codings;
  for (;;) {
    const auto comma = value.find(',');
    const auto name = ascii::trim(value.substr(0, comma));
    if (!ascii::equals_lower(name, "identity")) {
      const auto coding = coding_named(name);
      if (!coding || codings.count == codings.items.size())
        return std::nullopt;
      codings.items[codings.count++] = *coding;
    }
    if (comma == std::string_view::npos)
      return codings;
    value.remove_prefix(comma + 1);
  }
}

class content_decoder::layer {
public:
  enum class state : std::uint8_t {
    hungry, ///< gave all it can without further input
    giving, ///< may have more to give
    corrupt
  };

  explicit layer(std::size_t output_max)
    : output_left_{output_max} {}
  virtual ~layer() = default;
  layer(const layer&) = delete;
  layer& operator=(const layer&) = delete;

  /// Decodes some of `bytes`, which it shortens; what comes out is in output().
  virtual state step(std::string_view& bytes) = 0;
  /// True where the encoded data may end.
  [[nodiscard]] virtual bool at_end() const = 0;

  [[nodiscard]] std::string_view output() const { return {piece_->data(), piece_used_}; }
  /// Takes the present output off what is allowed; false if it is too much.
  bool charge() {
    if (piece_used_ > output_left_)
      return false;
    output_left_ -= piece_used_;
    return true;
  }

protected:
  std::unique_ptr<std::array<char, piece_bytes>> piece_{new std::array<char, piece_bytes>};
  std::size_t piece_used_ = 0;

private:
  std::size_t output_left_;
};

namespace {

using layer = content_decoder::layer;

/// gzip and deflate.
class zlib_layer final : public layer {
public:
  zlib_layer(content_coding coding, std::size_t output_max)
    : layer{output_max},
      is_gzip_{coding == content_coding::gzip} {
    // With deflate the window is set when the first two bytes are there.
    if (inflateInit2(&stream_, is_gzip_ ? gzip_window : MAX_WBITS) != Z_OK)
      throw std::bad_alloc{};
  }
  ~zlib_layer() override { inflateEnd(&stream_); }

  state step(std::string_view& bytes) override {
    piece_used_ = 0;
    if (ended_) {
      if (bytes.empty())
        return state::hungry;
      if (!is_gzip_ || inflateReset(&stream_) != Z_OK)
        return state::corrupt; // only gzip has further members
      ended_ = false;
    }
    if (!is_gzip_ && first_bytes_.size() < 2) {
      if (!take_first_bytes(bytes))
        return state::hungry;
      std::string_view first{first_bytes_};
      return inflate_some(first) == state::corrupt ? state::corrupt : state::giving;
    }
    return inflate_some(bytes);
  }

  [[nodiscard]] bool at_end() const override { return ended_; }

private:
  /// True when there are two bytes, and the format that they show is set.
  bool take_first_bytes(std::string_view& bytes) {
    const auto count = std::min(2 - first_bytes_.size(), bytes.size());
    first_bytes_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (first_bytes_.size() < 2)
      return false;
    const unsigned high = static_cast<unsigned char>(first_bytes_[0]);
    const unsigned low = static_cast<unsigned char>(first_bytes_[1]);
    const bool zlib_header = (high & 0x0fU) == Z_DEFLATED && (high * 256 + low) % 31 == 0;
    if (!zlib_header)
      inflateReset2(&stream_, raw_window);
    return true;
  }

  state inflate_some(std::string_view& bytes) {
    stream_.next_in = reinterpret_cast<const Bytef*>(bytes.data());
    stream_.avail_in = static_cast<uInt>(std::min(bytes.size(), std::size_t{1} << 30));
    const auto given = stream_.avail_in;
    stream_.next_out = reinterpret_cast<Bytef*>(piece_->data());
    stream_.avail_out = piece_bytes;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    bytes.remove_prefix(given - stream_.avail_in);
    piece_used_ = piece_bytes - stream_.avail_out;
    if (code == Z_STREAM_END)
      ended_ = true;
    else if (code == Z_MEM_ERROR)
      throw std::bad_alloc{};
    else if (code != Z_OK && code != Z_BUF_ERROR) // the latter: nothing to do now
      return state::corrupt;
    return stream_.avail_out == 0 || !bytes.empty() ? state::giving : state::hungry;
  }

  const bool is_gzip_;
  z_stream stream_{};
  std::string first_bytes_; ///< of deflate
  bool ended_ = false;
};

class zstd_layer final : public layer {
public:
  explicit zstd_layer(std::size_t output_max)
    : layer{output_max},
      stream_{ZSTD_createDStream(), &ZSTD_freeDStream} {
    if (!stream_)
      throw std::bad_alloc{};
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, zstd_window_log_max);
  }

  state step(std::string_view& bytes) override {
    piece_used_ = 0;
    if (bytes.empty() && between_frames_)
      return state::hungry;
    ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
    ZSTD_outBuffer out{.dst = piece_->data(), .size = piece_bytes, .pos = 0};
    const auto left = ZSTD_decompressStream(stream_.get(), &out, &in);
    bytes.remove_prefix(in.pos);
    piece_used_ = out.pos;
    if (ZSTD_isError(left)) {
      if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
        throw std::bad_alloc{};
      return state::corrupt;
    }
    between_frames_ = left == 0;
    any_frame_ = any_frame_ || between_frames_;
    return out.pos == out.size || !bytes.empty() ? state::giving : state::hungry;
  }

  [[nodiscard]] bool at_end() const override { return between_frames_ && any_frame_; }

private:
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  bool between_frames_ = true;
  bool any_frame_ = false;
};

std::unique_ptr<layer> make_layer(content_coding coding, std::size_t output_max) {
  if (coding == content_coding::zstd)
    return std::make_unique<zstd_layer>(output_max);
  return std::make_unique<zlib_layer>(coding, output_max);
}

} // namespace

content_decoder::content_decoder(const content_coding_list& codings, std::size_t output_max) {
  for (auto index = codings.count; index > 0; --index)
    layers_.push_back(make_layer(codings.items[index - 1], output_max));
}

content_decoder::~content_decoder() = default;

const transport_problem* content_decoder::feed(std::string_view bytes, std::string& out) {
  return feed_layer(0, bytes, out);
}

const transport_problem* content_decoder::feed_layer(std::size_t index, std::string_view bytes,
                                                     std::string& out) {
  if (index == layers_.size()) {
    out += bytes;
    return nullptr;
  }
  auto& coding = *layers_[index];
  for (;;) {
    const auto state = coding.step(bytes);
    if (!coding.charge())
      return &body_too_large;
    if (const auto output = coding.output(); !output.empty())
      if (const auto* problem = feed_layer(index + 1, output, out))
        return problem;
    if (state == layer::state::corrupt)
      return &bad_encoded_body;
    if (state == layer::state::hungry)
      return nullptr;
  }
}

const transport_problem* content_decoder::finish() const {
  const bool complete =
    std::all_of(layers_.begin(), layers_.end(), [](const auto& each) { return each->at_end(); });
  return complete ? nullptr : &bad_encoded_body;
}

} // namespace ccapi::http
