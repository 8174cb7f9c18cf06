// Which pictures are let through.

#include "media/base64.hpp"
#include "media/image.hpp"
#include "media/picture_end.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>

namespace ccapi::media {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using testing::Optional;

// -- base64 ---------------------------------------------------------------------------------------

TEST(base64, is_decoded) {
  EXPECT_THAT(decoded(""), Optional(std::string{}));
  EXPECT_THAT(decoded("Zg=="), Optional(std::string{"f"}));
  EXPECT_THAT(decoded("Zm8="), Optional(std::string{"fo"}));
  EXPECT_THAT(decoded("Zm9v"), Optional(std::string{"foo"}));
  EXPECT_THAT(decoded("+/+/AP8="), Optional(std::string{"\xfb\xff\xbf\0\xff"sv}));
}

TEST(base64, is_taken_in_one_form_only) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zm9", "Zg==\n", "Zm 9v", "Zm9v====", "====", "-_-_",
        "Zh==", "Zm9=", "Z===", "Zg==Zg==", "Zm9\xc3"})
    EXPECT_EQ(decoded(text), std::nullopt) << text;
}

// -- pictures -------------------------------------------------------------------------------------

constexpr std::string_view png = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x02\0\0\0\x03\x08\x06"sv;
constexpr std::string_view gif = "GIF89a\x02\x01\x03\0\x80\0\0"sv;
constexpr std::string_view jpeg =
  "\xff\xd8\xff\xe0\0\x04XX\xff\xff\xfe\0\x03X\xff\xc2\0\x0b\x08\0\x03\x01\x02\x01\x01\x11\0"sv;
constexpr std::string_view webp_lossy =
  "RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x02\x41\x03\x40"sv;
constexpr std::string_view webp_lossless =
  "RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x01\xc1\0\0\0\0\0\0\0"sv;
constexpr std::string_view webp_large = "RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x01\x01\0\x02\0\0"sv;

TEST(pictures, are_known_by_their_bytes) {
  EXPECT_EQ(type_of(png), "image/png");
  EXPECT_EQ(type_of(gif), "image/gif");
  EXPECT_EQ(type_of(jpeg), "image/jpeg");
  EXPECT_EQ(type_of(webp_lossy), "image/webp");
  for (const auto bytes : {""sv, "BM\0\0"sv, "<svg/>"sv, "RIFF\0\0\0\0WAVE"sv, "RIFF"sv})
    EXPECT_EQ(type_of(bytes), "");
}

TEST(pictures, tell_their_size_in_their_head) {
  for (const auto bytes : {png, gif, jpeg, webp_large})
    EXPECT_EQ(size_of(bytes), (image_size{0x102, 3})) << type_of(bytes);
  EXPECT_EQ(size_of(webp_lossy), (image_size{0x102, 3}));
  EXPECT_EQ(size_of(webp_lossless), (image_size{0x102, 4}));
}

TEST(pictures, that_are_cut_have_no_size) {
  for (const auto whole : {png, gif, jpeg, webp_lossy, webp_lossless, webp_large})
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::string cut{whole.substr(0, size)}; // a heap block of its own: no byte behind it
      const auto found = size_of(cut);
      EXPECT_TRUE(!found || found == size_of(whole)) << type_of(whole) << ' ' << size;
    }
  EXPECT_EQ(size_of("\xff\xd8\xff\xda\0\x02\0\0\0\0\0\0"sv), std::nullopt) << "no frame";
  EXPECT_EQ(size_of("\xff\xd8\xff\xe0\0\0\0\0\0\0\0\0\0"sv), std::nullopt) << "a loop";
  EXPECT_EQ(size_of("GIF89a\0\0\x01\0"sv), std::nullopt) << "nothing to see";
}

// -- data: URLs -----------------------------------------------------------------------------------

constexpr std::string_view pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
  "gg==";

TEST(data_url, becomes_a_picture) {
  const auto image = read_data_url("data:image/png;base64," + std::string{pixel}, {});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->block.media_type, "image/png");
  EXPECT_EQ(*image->block.base64, pixel);
  EXPECT_EQ(image->block, read_data_url("data:image/png;base64," + std::string{pixel}, {})->block);
  EXPECT_FALSE(image->rescaled);
}

// Grey, behind their ends one or two bytes more.
constexpr std::string_view small_3x3 =
  "iVBORw0KGgoAAAANSUhEUgAAAAMAAAADCAAAAABzQ+pjAAAAC0lEQVR42mNgQAAAAAwAAe"
  "/oMyUAAAAASUVORK5CYIIA";
constexpr std::string_view wide_2000 =
  "iVBORw0KGgoAAAANSUhEUgAAB9AAAAACCAAAAAAlAhgPAAAAG0lEQVR42u3BMQEAAADCoP"
  "VPbQwfoAAAAIC/AQ+iAAG7cm5dAAAAAElFTkSuQmCC";
constexpr std::string_view wide_2001 =
  "iVBORw0KGgoAAAANSUhEUgAAB9EAAAABCAAAAABMVAGfAAAAF0lEQVR42mNgGAWjYBSMgl"
  "EwCkbB0AcAB9IAAahUjrQAAAAASUVORK5CYIIA";
constexpr std::string_view high_2001 =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAfRCAAAAADt57n0AAAAG0lEQVR42u3BMQEAAADCoP"
  "VPbQwfoAAAAIC/AQ+iAAG7cm5dAAAAAElFTkSuQmCC";

TEST(data_url, may_have_parameters_and_any_case) {
  for (const std::string head : {"data:image/png;base64,", "DATA:IMAGE/PNG;BASE64,",
                                 "data:image/png;charset=utf-8;name=a.png;base64,"}) {
    const auto image = read_data_url(head + std::string{pixel}, {});
    ASSERT_TRUE(image) << head;
    EXPECT_EQ(image->block.media_type, "image/png");
  }
}

TEST(data_url, says_whether_the_cli_makes_the_picture_smaller) {
  const auto is_rescaled = [](const std::string& base64) {
    const auto read = read_data_url("data:image/png;base64," + base64, {});
    EXPECT_TRUE(read) << read.error().message;
    return read && read->rescaled;
  };
  EXPECT_FALSE(is_rescaled(std::string{wide_2000}));
  EXPECT_TRUE(is_rescaled(std::string{wide_2001}));
  EXPECT_TRUE(is_rescaled(std::string{high_2001}));
  const std::string small{small_3x3};
  EXPECT_FALSE(is_rescaled(small + std::string(680'000 - small.size(), 'A')));
  EXPECT_TRUE(is_rescaled(small + std::string(680'004 - small.size(), 'A')));
}

TEST(data_url, is_refused_where_the_end_of_the_picture_is_missing) {
  constexpr std::string_view gif_frame = "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==";
  constexpr std::string_view lossy = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA";
  constexpr std::string_view baseline =
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP////////////////////////////////////"
    "//////////////////////////////////////////////////wgALCAABAAEBAREA/8QA"
    "FBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";
  for (const auto whole : {pixel, gif_frame, lossy, baseline}) {
    const auto bytes = decoded(whole);
    ASSERT_TRUE(bytes);
    EXPECT_TRUE(is_whole(*bytes)) << type_of(*bytes);
    EXPECT_TRUE(is_whole(*bytes + "more")) << type_of(*bytes);
    // Behind these a picture may end: some leave the trailer out, and of a JPEG nobody can tell.
    const auto enough = whole == gif_frame  ? bytes->size() - 1
                        : whole == baseline ? bytes->find("\xff\xda") + 10
                                            : bytes->size();
    for (std::size_t size = 12; size < enough; ++size) {
      const std::string cut{bytes->substr(0, size)}; // a heap block of its own
      EXPECT_FALSE(is_whole(cut)) << type_of(*bytes) << ' ' << size;
    }
  }
}

TEST(pictures, are_sound_if_they_are_what_they_say) {
  const auto image = read_data_url("data:image/png;base64," + std::string{pixel}, {})->block;
  EXPECT_TRUE(is_sound(image));
  auto other = image;
  other.media_type = "image/gif";
  EXPECT_FALSE(is_sound(other));
  other = image;
  other.hash.low ^= 1U;
  EXPECT_FALSE(is_sound(other));
  for (const char* base64 : {"", "AAAA", "!!!!"}) {
    other = image;
    other.base64 = std::make_shared<const std::string>(base64);
    EXPECT_FALSE(is_sound(other)) << base64;
  }
  other.media_type.clear();
  EXPECT_FALSE(is_sound(other)) << "what is of no type has none";
}

struct refused_url {
  std::string_view fragment;
  std::string url;
  image_limits limits{};
};

void PrintTo(const refused_url& row, std::ostream* out) {
  *out << row.url.substr(0, 60);
}

class refused_picture : public testing::TestWithParam<refused_url> {};

TEST_P(refused_picture, says_why) {
  const auto image = read_data_url(GetParam().url, GetParam().limits);
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().message, HasSubstr(std::string{GetParam().fragment}));
}

INSTANTIATE_TEST_SUITE_P(
  table, refused_picture,
  testing::Values(
    refused_url{"data: URL", "https://example.com/a.png"}, refused_url{"data: URL", ""},
    refused_url{"base64", "data:image/png,xx"},
    refused_url{"image/webp", "data:image/svg+xml;base64," + std::string{pixel}},
    refused_url{"image/webp", "data:;base64," + std::string{pixel}},
    refused_url{"not valid base64", "data:image/png;base64,iVBO Rw0="},
    refused_url{"not those of image/gif", "data:image/gif;base64," + std::string{pixel}},
    refused_url{"not those of image/png", "data:image/png;base64,"},
    refused_url{"damaged", "data:image/png;base64,iVBORw0KGgo="},
    refused_url{"must be a data: URL in base64", "DATE:image/png;base64,AAAA"},
    refused_url{"a data: URL in base64", "data:image/png"},
    refused_url{"a data: URL in base64", "data:image/png;base64;x=y,AAAA"},
    refused_url{"a GIF must not",
                "data:image/gif;base64,R0lGODlhCgAKAIAAAAAAAP///ywAAAAA0gcKAAACAUwAOw=="},
    refused_url{"limits.image_pixels_max",
                "data:image/gif;base64,R0lGODlhCgAKAIAAAAAAAP///ywAAAAAKCMoIwACAUwAOw=="},
    refused_url{"cut off", "data:image/png;base64," + std::string{pixel.substr(0, 80)}},
    refused_url{"limits.image_bytes_max",
                "data:image/png;base64," + std::string{pixel},
                {.base64_bytes_max = 50}},
    refused_url{"limits.image_pixels_max",
                "data:image/png;base64," + std::string{pixel},
                {.pixels_max = 0}}));

} // namespace
} // namespace ccapi::media
