#include "http/content_coding.hpp"

#include "http/ascii.hpp"

#include <algorithm>
#include <array>
#include <new>
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
  explicit layer(std::size_t output_max)
    : output_left_{output_max} {}
  virtual ~layer() = default;
  layer(const layer&) = delete;
  layer& operator=(const layer&) = delete;

  /// Decodes some of `bytes`, which it shortens; what comes out is in output(). False if the data
  /// are not what they should be.
  virtual bool step(std::string_view& bytes) = 0;
  /// True where the encoded data may end.
  [[nodiscard]] virtual bool at_end() const = 0;

  /// There may be more output without further input.
  [[nodiscard]] bool has_more() const noexcept { return piece_used_ == piece_bytes; }
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

  bool step(std::string_view& bytes) override {
    piece_used_ = 0;
    if (ended_) {
      if (bytes.empty())
        return true;
      if (!is_gzip_ || inflateReset(&stream_) != Z_OK)
        return false; // only gzip has further members
      ended_ = false;
    }
    if (!is_gzip_ && first_bytes_.size() < 2) {
      if (!take_first_bytes(bytes))
        return true;
      std::string_view first{first_bytes_};
      return inflate_some(first);
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

  bool inflate_some(std::string_view& bytes) {
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
      return false;
    return true;
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

  bool step(std::string_view& bytes) override {
    piece_used_ = 0;
    if (bytes.empty() && between_frames_)
      return true;
    ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
    ZSTD_outBuffer out{.dst = piece_->data(), .size = piece_bytes, .pos = 0};
    const auto left = ZSTD_decompressStream(stream_.get(), &out, &in);
    bytes.remove_prefix(in.pos);
    piece_used_ = out.pos;
    if (ZSTD_isError(left)) {
      if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
        throw std::bad_alloc{};
      return false;
    }
    between_frames_ = left == 0;
    any_frame_ = any_frame_ || between_frames_;
    return true;
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

content_decoder::progress content_decoder::run(std::string& out, std::size_t work_max) {
  const auto last = layers_.size() - 1;
  for (std::size_t work = 0; work < work_max;) {
    // The innermost coding that can go on does: its input is gone before the next piece comes.
    auto index = last;
    while (index > 0 && inputs_[index].empty() && !layers_[index]->has_more())
      --index;
    auto& coding = *layers_[index];
    if (inputs_[index].empty() && !coding.has_more())
      return {};
    if (!coding.step(inputs_[index]))
      return {.problem = &bad_encoded_body};
    if (!coding.charge())
      return {.problem = &body_too_large};
    const auto output = coding.output();
    if (index == last)
      out += output;
    else
      inputs_[index + 1] = output;
    work += step_work + output.size();
  }
  return {.more = true};
}

const transport_problem* content_decoder::finish() const {
  const bool complete =
    std::all_of(layers_.begin(), layers_.end(), [](const auto& each) { return each->at_end(); });
  return complete ? nullptr : &bad_encoded_body;
}

encoded_body::encoded_body(const content_coding_list& codings, std::string& body,
                           std::size_t bytes_max)
  : encoded_{std::exchange(body, {})},
    body_{body},
    decoder_{codings, bytes_max} {
  decoder_.take(encoded_);
}

content_decoder::progress encoded_body::step(std::size_t work_max) {
  auto made = decoder_.run(body_, work_max);
  if (!made.more && !made.problem)
    made.problem = decoder_.finish();
  return made;
}

} // namespace ccapi::http
