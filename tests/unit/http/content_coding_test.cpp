#include "http/content_coding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

// Decoding of request bodies: all codings, stacked, damaged, cut, and made to be too large.

namespace ccapi::http {
namespace {

constexpr int gzip_window = 31;
constexpr int zlib_window = 15;
constexpr int raw_window = -15;
constexpr std::size_t plenty = std::size_t{1} << 24;

/// In zlib's formats.
std::string deflated(std::string_view bytes, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out;
  std::string piece(std::size_t{1} << 16, '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    deflate(&stream, Z_FINISH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  deflateEnd(&stream);
  return out;
}

std::string gzipped(std::string_view bytes) {
  return deflated(bytes, gzip_window);
}

std::string zstd_frame(std::string_view bytes, int window_log = 0, std::size_t repeats = 1,
                       std::string_view dictionary = {}) {
  auto* context = ZSTD_createCCtx();
  if (window_log > 0) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1);
  }
  if (!dictionary.empty())
    ZSTD_CCtx_loadDictionary(context, dictionary.data(), dictionary.size());
  std::string out;
  std::string piece(ZSTD_CStreamOutSize(), '\0');
  for (std::size_t round = 0; round < repeats; ++round) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    const auto end = round + 1 == repeats ? ZSTD_e_end : ZSTD_e_continue;
    std::size_t left = 0;
    do {
      ZSTD_outBuffer room{piece.data(), piece.size(), 0};
      left = ZSTD_compressStream2(context, &room, &in, end);
      EXPECT_FALSE(ZSTD_isError(left));
      out.append(piece, 0, room.pos);
    } while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
  }
  ZSTD_freeCCtx(context);
  return out;
}

std::string repeated(const std::string& bytes, std::size_t count) {
  std::string all;
  for (std::size_t round = 0; round < count; ++round)
    all += bytes;
  return all;
}

struct decoded {
  const transport_problem* problem = nullptr;
  std::string text;
  std::size_t fed = 0;
};

decoded decode(std::string_view codings, std::string_view bytes, std::size_t output_max = plenty,
               std::size_t piece = 1 << 16, std::size_t work = 1 << 20) {
  const auto list = parse_content_codings(codings);
  EXPECT_TRUE(list && !list->empty()) << codings;
  content_decoder decoder{*list, output_max};
  decoded result;
  while (result.fed < bytes.size()) {
    const auto now = bytes.substr(result.fed, piece);
    result.fed += now.size();
    decoder.take(now);
    for (bool more = true; more;) {
      const auto made = decoder.run(result.text, work);
      if (made.problem) {
        result.problem = made.problem;
        return result;
      }
      more = made.more;
    }
  }
  result.problem = decoder.finish();
  return result;
}

std::string text_of_size(std::size_t size) {
  std::mt19937 dice{7};
  std::string text;
  while (text.size() < size)
    text += "line " + std::to_string(dice() % 5000) + "\n";
  return text;
}

TEST(content_codings, are_read_in_order_and_limited) {
  const auto three = parse_content_codings("gzip, ZSTD ,\tdeflate");
  ASSERT_TRUE(three);
  ASSERT_EQ(three->count, 3u);
  EXPECT_EQ(three->items[0], content_coding::gzip);
  EXPECT_EQ(three->items[1], content_coding::zstd);
  EXPECT_EQ(three->items[2], content_coding::deflate);
  EXPECT_TRUE(parse_content_codings("identity")->empty());
  EXPECT_TRUE(parse_content_codings("Identity, identity")->empty());
  EXPECT_EQ(parse_content_codings("identity, x-gzip")->count, 1u);
  EXPECT_EQ(parse_content_codings("gzip,gzip,gzip,gzip")->count, 4u);
  for (const auto* refused : {"br", "gzip, br", "gzip,gzip,gzip,gzip,gzip", "", ",", "gzip,",
                              "gzip zstd", "*", "gzip;q=1", "compress"})
    EXPECT_FALSE(parse_content_codings(refused)) << refused;
}

TEST(content_decoder_test, decodes_every_coding_however_it_is_cut) {
  const auto text = text_of_size(200'000);
  const std::pair<const char*, std::string> cases[] = {
    {"gzip", gzipped(text)},
    {"x-gzip", gzipped(text)},
    {"deflate", deflated(text, zlib_window)},
    {"deflate", deflated(text, raw_window)},
    {"zstd", zstd_frame(text)},
    {"gzip, zstd", zstd_frame(gzipped(text))},
    {"zstd, deflate", deflated(zstd_frame(text), zlib_window)},
    {"gzip, identity, deflate, zstd, gzip",
     gzipped(zstd_frame(deflated(gzipped(text), raw_window)))}};
  for (const auto& [codings, bytes] : cases)
    for (const std::size_t piece : {std::size_t{1}, std::size_t{777}, bytes.size()}) {
      const auto result = decode(codings, bytes, plenty, piece);
      EXPECT_EQ(result.problem, nullptr) << codings << " by " << piece;
      EXPECT_TRUE(result.text == text) << codings << " by " << piece;
    }
}

TEST(content_decoder_test, decodes_in_slices_of_bounded_size) {
  const auto bomb = gzipped(gzipped(std::string(std::size_t{10} << 20, ' ')));
  content_decoder decoder{*parse_content_codings("gzip, gzip"), plenty};
  decoder.take(bomb);
  std::string text;
  int slices = 0;
  for (bool more = true; more; ++slices) {
    const auto before = text.size();
    more = decoder.run(text, 1 << 20).more;
    ASSERT_LE(text.size() - before, std::size_t{(1 << 20) + (32 << 10)});
  }
  EXPECT_EQ(decoder.finish(), nullptr);
  EXPECT_EQ(text.size(), std::size_t{10} << 20);
  EXPECT_GE(slices, 10);
  EXPECT_EQ(decode("gzip, gzip", bomb, plenty, 1, 1).text.size(), text.size());
}

TEST(content_decoder_test, decodes_a_body_into_its_own_place) {
  auto body = gzipped("text");
  encoded_body whole{*parse_content_codings("gzip"), body, 100};
  EXPECT_EQ(whole.step(1 << 20).problem, nullptr);
  EXPECT_EQ(body, "text");
  std::string nothing;
  encoded_body empty{*parse_content_codings("gzip"), nothing, 100};
  EXPECT_EQ(empty.step(1 << 20).problem, &bad_encoded_body);
}

TEST(content_decoder_test, decodes_short_texts) {
  for (const auto* text : {"", "a", "{}"})
    for (const auto& [codings, bytes] :
         {std::pair{"gzip", gzipped(text)}, std::pair{"deflate", deflated(text, zlib_window)},
          std::pair{"deflate", deflated(text, raw_window)}, std::pair{"zstd", zstd_frame(text)}}) {
      const auto result = decode(codings, bytes, plenty, 1);
      EXPECT_EQ(result.problem, nullptr) << codings << text;
      EXPECT_EQ(result.text, text);
    }
}

TEST(content_decoder_test, takes_several_gzip_members_and_zstd_frames) {
  EXPECT_EQ(decode("gzip", gzipped("one ") + gzipped("two")).text, "one two");
  EXPECT_EQ(decode("gzip", gzipped("one ") + gzipped("two"), plenty, 1).text, "one two");
  EXPECT_EQ(decode("zstd", zstd_frame("one ") + zstd_frame("two")).text, "one two");
}

TEST(content_decoder_test, refuses_what_is_cut_off_everywhere) {
  for (const auto& [codings, bytes] :
       {std::pair{"gzip", gzipped("some text")}, std::pair{"zstd", zstd_frame("some text")},
        std::pair{"deflate", deflated("some text", zlib_window)},
        std::pair{"deflate", deflated("some text", raw_window)},
        std::pair{"gzip, zstd", zstd_frame(gzipped("some text"))}})
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_EQ(decode(codings, std::string_view{bytes}.substr(0, length)).problem,
                &bad_encoded_body)
        << codings << " of " << length;
  // Complete outside, cut inside.
  const auto inner = gzipped("some text");
  EXPECT_EQ(decode("gzip, zstd", zstd_frame(inner.substr(0, inner.size() - 1))).problem,
            &bad_encoded_body);
  EXPECT_EQ(decode("gzip", gzipped("one") + gzipped("two").substr(0, 9)).problem,
            &bad_encoded_body);
}

TEST(content_decoder_test, refuses_bytes_behind_the_end) {
  for (const auto& tail : {std::string{"x"}, std::string{"\n"}, std::string(1, '\0')}) {
    EXPECT_EQ(decode("gzip", gzipped("text") + tail).problem, &bad_encoded_body);
    EXPECT_EQ(decode("deflate", deflated("text", zlib_window) + tail).problem, &bad_encoded_body);
    EXPECT_EQ(decode("deflate", deflated("text", raw_window) + tail).problem, &bad_encoded_body);
    EXPECT_EQ(decode("zstd", zstd_frame("text") + tail).problem, &bad_encoded_body);
  }
  EXPECT_EQ(decode("deflate", deflated("a", zlib_window) + deflated("b", zlib_window)).problem,
            &bad_encoded_body);
}

TEST(content_decoder_test, refuses_damage_and_other_formats) {
  for (const auto* codings : {"gzip", "deflate", "zstd"}) {
    EXPECT_EQ(decode(codings, R"({"messages": []})").problem, &bad_encoded_body) << codings;
    EXPECT_EQ(decode(codings, std::string(100, '\xff')).problem, &bad_encoded_body) << codings;
  }
  EXPECT_EQ(decode("gzip", zstd_frame("text")).problem, &bad_encoded_body);
  EXPECT_EQ(decode("zstd", gzipped("text")).problem, &bad_encoded_body);
  auto wrong_sum = gzipped("some text that is long enough");
  wrong_sum[wrong_sum.size() - 8] = static_cast<char>(wrong_sum[wrong_sum.size() - 8] ^ 1);
  EXPECT_EQ(decode("gzip", wrong_sum).problem, &bad_encoded_body);
}

TEST(content_decoder_test, refuses_large_windows_and_dictionaries) {
  EXPECT_EQ(decode("zstd", zstd_frame(text_of_size(1000), 23, 20)).problem, nullptr);
  EXPECT_EQ(decode("zstd", zstd_frame(text_of_size(1000), 24, 20)).problem, &bad_encoded_body);
  EXPECT_EQ(decode("zstd", zstd_frame(text_of_size(1000), 27, 20)).problem, &bad_encoded_body);
  // Content as a dictionary has no id, so it is the text that can't be had back.
  const auto dictionary = text_of_size(5000);
  const auto with_dictionary = decode("zstd", zstd_frame(dictionary, 0, 1, dictionary));
  EXPECT_EQ(with_dictionary.problem, &bad_encoded_body);
}

TEST(content_decoder_test, takes_exactly_the_allowed_size) {
  const auto text = text_of_size(100'000);
  for (const auto& [codings, bytes] :
       {std::pair{"gzip", gzipped(text)}, std::pair{"zstd", zstd_frame(text)},
        std::pair{"deflate", deflated(text, raw_window)}}) {
    EXPECT_EQ(decode(codings, bytes, text.size()).problem, nullptr);
    const auto over = decode(codings, bytes, text.size() - 1);
    EXPECT_EQ(over.problem, &body_too_large);
    EXPECT_LT(over.text.size(), text.size());
  }
}

TEST(content_decoder_test, stops_bombs_at_the_limit) {
  const std::string zeros(std::size_t{1} << 20, '\0');
  constexpr std::size_t limit = std::size_t{4} << 20;
  // A GiB each.
  const auto gzip_bomb = repeated(gzipped(zeros), 1024);
  const auto zstd_bomb = repeated(zstd_frame(zeros), 1024);
  for (const auto& [codings, bytes] :
       {std::pair{"gzip", gzip_bomb}, std::pair{"zstd", zstd_bomb},
        std::pair{"gzip, gzip", gzipped(gzip_bomb)}, std::pair{"gzip, zstd", zstd_frame(gzip_bomb)},
        std::pair{"zstd, gzip, gzip", gzipped(gzipped(zstd_bomb))}}) {
    const auto result = decode(codings, bytes, limit, 4096);
    EXPECT_EQ(result.problem, &body_too_large) << codings;
    EXPECT_LE(result.text.size(), limit);
    EXPECT_LE(result.text.capacity(), 2 * limit);
  }
  // The inner coding's data are too large although nothing would be left of them.
  const auto inner_bomb = gzipped(zeros + zeros + zeros + zeros + zeros);
  EXPECT_EQ(decode("zstd, gzip", inner_bomb, limit).problem, &bad_encoded_body);
  const auto empty_frames = repeated(zstd_frame(""), std::size_t{1} << 19);
  EXPECT_EQ(decode("zstd, gzip", gzipped(empty_frames), limit).problem, &body_too_large);
}

} // namespace
} // namespace ccapi::http
