#pragma once
// Bodies in the formats of zlib.

#include <string>
#include <string_view>

#define ZLIB_CONST
#include <zlib.h>

namespace ccapi::http::test {

/// As deflateInit2 has it: 31 for gzip, 15 for zlib, -15 for raw deflate.
inline std::string deflated(std::string_view bytes, int window) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string gzipped(std::string_view bytes) {
  return deflated(bytes, 31);
}

} // namespace ccapi::http::test
