#include "gzipped.hpp"
#include "http/wire/content_coding.hpp"
#include "peak_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <zstd.h>

// Decoding of request bodies: all codings, damaged, cut, and made to be too large.

namespace ccapi::http {
namespace {

using test::deflated;
using test::gzipped;

constexpr int zlib_window = 15;
constexpr int raw_window = -15;
constexpr std::size_t plenty = std::size_t{1} << 24;

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

body_buffer buffer_of(std::string_view bytes) {
  body_buffer buffer;
  buffer.reserve(bytes.size());
  EXPECT_TRUE(buffer.append(bytes));
  return buffer;
}

struct decoded {
  const transport_problem* problem = nullptr;
  std::string text;
  std::size_t capacity = 0;
  int slices = 0;
};

constexpr encoded_body::limits lavish{.bytes_max = plenty, .expansion_max = 100'000};

decoded decode(std::string_view name, std::string_view bytes, encoded_body::limits allowed = lavish,
               std::size_t work = 1 << 20) {
  const auto coding = parse_content_coding(name);
  EXPECT_TRUE(coding) << name;
  body_budget::share held{std::make_shared<body_budget>(plenty * 4)};
  decoded result;
  auto text = buffer_of(bytes);
  encoded_body body{coding.value_or(content_coding::gzip), text, allowed, held};
  for (bool more = true; more; ++result.slices) {
    const auto made = body.step(work);
    result.problem = made.problem;
    more = made.more;
  }
  result.text = text.view();
  result.capacity = text.capacity();
  return result;
}

decoded decode_within(std::string_view name, std::string_view bytes, std::size_t bytes_max) {
  return decode(name, bytes, {.bytes_max = bytes_max, .expansion_max = 100'000});
}

std::string text_of_size(std::size_t size) {
  std::mt19937 dice{7};
  std::string text;
  while (text.size() < size)
    text += "line " + std::to_string(dice() % 5000) + "\n";
  return text;
}

TEST(content_codings, are_known_by_name_and_never_more_than_one) {
  EXPECT_EQ(parse_content_coding("identity"), content_coding::identity);
  EXPECT_EQ(parse_content_coding("gzip"), content_coding::gzip);
  EXPECT_EQ(parse_content_coding("X-GZip"), content_coding::gzip);
  EXPECT_EQ(parse_content_coding("Deflate"), content_coding::deflate);
  EXPECT_EQ(parse_content_coding("ZSTD"), content_coding::zstd);
  for (const auto* refused : {"br", "gzip, br", "gzip, gzip", "identity, gzip", "", ",", "gzip,",
                              "gzip zstd", "*", "gzip;q=1", "compress"})
    EXPECT_FALSE(parse_content_coding(refused)) << refused;
}

TEST(content_decoder_test, decodes_every_coding_however_it_is_cut) {
  const auto text = text_of_size(200'000);
  const std::pair<const char*, std::string> cases[] = {{"gzip", gzipped(text)},
                                                       {"x-gzip", gzipped(text)},
                                                       {"deflate", deflated(text, zlib_window)},
                                                       {"deflate", deflated(text, raw_window)},
                                                       {"zstd", zstd_frame(text)}};
  for (const auto& [coding, bytes] : cases)
    for (const std::size_t work : {1, 777, 1 << 20}) {
      const auto result = decode(coding, bytes, lavish, work);
      EXPECT_EQ(result.problem, nullptr) << coding << " by " << work;
      EXPECT_TRUE(result.text == text) << coding << " by " << work;
    }
}

TEST(content_decoder_test, decodes_in_slices_of_bounded_size) {
  const auto bomb = gzipped(std::string(std::size_t{10} << 20, ' '));
  const auto result = decode("gzip", bomb, lavish, 1 << 20);
  EXPECT_EQ(result.problem, nullptr);
  EXPECT_EQ(result.text.size(), std::size_t{10} << 20);
  EXPECT_GE(result.slices, 10);
  EXPECT_EQ(decode("gzip", bomb, lavish, 1).text.size(), result.text.size());
}

TEST(content_decoder_test, refuses_a_body_of_nothing) {
  for (const auto* coding : {"gzip", "deflate", "zstd"})
    EXPECT_EQ(decode(coding, "").problem, &bad_encoded_body) << coding;
}

TEST(content_decoder_test, charges_what_it_takes) {
  const auto budget = std::make_shared<body_budget>(std::size_t{1} << 20);
  body_budget::share held{budget};
  auto body = buffer_of(gzipped(std::string(std::size_t{4} << 20, ' ')));
  encoded_body large{content_coding::gzip, body, lavish, held};
  auto made = large.step(1 << 20);
  while (made.more)
    made = large.step(1 << 20);
  EXPECT_EQ(made.problem, &bodies_full);
  EXPECT_LE(body.capacity(), budget->bytes_max() + body_budget::free_bytes);
  held.release();
  EXPECT_EQ(budget->taken(), 0u);
}

TEST(content_decoder_test, charges_all_that_an_encoded_body_and_its_text_take) {
  constexpr std::size_t mib = std::size_t{1} << 20;
  const auto budget = std::make_shared<body_budget>(512 * mib);
  body_budget::share held{budget};
  std::string text(40 * mib, '\0'); // of what hardly becomes shorter
  std::mt19937 dice{11};
  for (auto& byte : text)
    byte = static_cast<char>(dice() & 0x7fU);
  const auto encoded = zstd_frame(text);
  const test::peak_memory memory;
  body_buffer body; // in chunks: it grows by doubling, and has more room than it needs
  for (std::size_t at = 0; at < encoded.size(); at += mib) {
    const auto piece = std::string_view{encoded}.substr(at, mib);
    ASSERT_TRUE(make_room(body, piece.size(), 512 * mib, held));
    ASSERT_TRUE(body.append(piece));
  }
  auto charged = budget->taken();
  encoded_body decoding{content_coding::zstd, body, {512 * mib, 100}, held};
  for (auto made = decoding.step(mib); made.more; made = decoding.step(mib))
    charged = std::max(charged, budget->taken());
  EXPECT_EQ(body.view(), text);
  EXPECT_LE(memory.growth(), charged + 12 * mib) << "8 of them are the decoder's";
  EXPECT_GE(memory.growth(), 70 * mib) << "it is measured";
  EXPECT_LE(budget->taken(), encoded.size() + body.capacity());
}

TEST(content_decoder_test, decodes_short_texts) {
  for (const auto* text : {"", "a", "{}"})
    for (const auto& [codings, bytes] :
         {std::pair{"gzip", gzipped(text)}, std::pair{"deflate", deflated(text, zlib_window)},
          std::pair{"deflate", deflated(text, raw_window)}, std::pair{"zstd", zstd_frame(text)}}) {
      const auto result = decode(codings, bytes, lavish, 1);
      EXPECT_EQ(result.problem, nullptr) << codings << text;
      EXPECT_EQ(result.text, text);
    }
}

TEST(content_decoder_test, takes_several_gzip_members_and_zstd_frames) {
  EXPECT_EQ(decode("gzip", gzipped("one ") + gzipped("two")).text, "one two");
  EXPECT_EQ(decode("zstd", zstd_frame("one ") + zstd_frame("two")).text, "one two");
}

TEST(content_decoder_test, refuses_what_is_cut_off_everywhere) {
  for (const auto& [codings, bytes] :
       {std::pair{"gzip", gzipped("some text")}, std::pair{"zstd", zstd_frame("some text")},
        std::pair{"deflate", deflated("some text", zlib_window)},
        std::pair{"deflate", deflated("some text", raw_window)}})
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_EQ(decode(codings, std::string_view{bytes}.substr(0, length)).problem,
                &bad_encoded_body)
        << codings << " of " << length;
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
    EXPECT_EQ(decode_within(codings, bytes, text.size()).problem, nullptr);
    const auto over = decode_within(codings, bytes, text.size() - 1);
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
  for (const auto& [coding, bytes] : {std::pair{"gzip", gzip_bomb}, std::pair{"zstd", zstd_bomb}}) {
    const auto result = decode_within(coding, bytes, limit);
    EXPECT_EQ(result.problem, &body_too_large) << coding;
    EXPECT_LE(result.text.size(), limit);
    EXPECT_LE(result.capacity, body_buffer::capacity_for(limit + body_budget::padding));
  }
}

TEST(content_decoder_test, stops_what_grows_out_of_proportion) {
  constexpr std::size_t free = encoded_body::free_expansion;
  const encoded_body::limits tenfold{.bytes_max = plenty, .expansion_max = 10};
  for (const auto& [coding, encode] :
       {std::pair{"gzip", +[](const std::string& text) { return gzipped(text); }},
        std::pair{"zstd", +[](const std::string& text) { return zstd_frame(text); }}}) {
    const auto small = encode(std::string(free, ' '));
    EXPECT_EQ(decode(coding, small, tenfold).problem, nullptr) << coding;
    const auto bomb = encode(std::string(8 * free, ' '));
    const auto result = decode(coding, bomb, tenfold);
    EXPECT_EQ(result.problem, &body_expands_too_much) << coding;
    EXPECT_LE(result.text.size(), free + 10 * bomb.size()) << coding;
    const auto text = text_of_size(3 * free); // grows four times
    EXPECT_EQ(decode(coding, encode(text), tenfold).problem, nullptr) << coding;
  }
  EXPECT_EQ(body_expands_too_much.status, 413u);
}

} // namespace
} // namespace ccapi::http
