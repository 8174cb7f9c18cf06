// Which documents are let through.

#include "domain/percent.hpp"
#include "media/base64.hpp"
#include "media/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace ccapi::media {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;

std::string pdf(std::string_view trailer = "<</Root 1 0 R>>", std::string_view end = "%%EOF\n") {
  const std::string head = "%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n";
  return head + "xref\n0 2\ntrailer" + std::string{trailer} + "\nstartxref\n"
         + std::to_string(head.size()) + "\n" + std::string{end};
}

std::string url(std::string_view type, std::string_view bytes) {
  return "data:" + std::string{type} + ";base64," + encoded(bytes);
}

std::string problem(const std::string& data, std::string_view title = "") {
  const auto document = read_document(data, title, {.base64_bytes_max = 1000});
  return document ? "none" : document.error().message;
}

TEST(base64, is_encoded) {
  for (const auto text : {""sv, "f"sv, "fo"sv, "foo"sv, "\xfb\xff\xbf\0\xff"sv})
    EXPECT_EQ(decoded(encoded(text)), std::string{text});
  EXPECT_EQ(encoded("fo"), "Zm8=");
}

TEST(percent, is_decoded) {
  EXPECT_EQ(domain::percent_decoded("a%20b%2Fc%c3%A9"), "a b/c\xc3\xa9");
  for (const auto text : {"%", "%4", "%g0", "%0g", "a%", "%%20", "%+1", "%-1", "% 1"})
    EXPECT_EQ(domain::percent_decoded(text), std::nullopt) << text;
}

TEST(documents, are_pdfs_as_they_are) {
  for (const auto& data : {url("application/pdf", pdf()), url("", pdf()), encoded(pdf()),
                           url("Application/PDF;name=x", pdf())}) {
    const auto document = read_document(data, "a.pdf", {});
    ASSERT_TRUE(document) << data;
    EXPECT_EQ(document->media_type, "application/pdf");
    EXPECT_EQ(document->title, "a.pdf");
    EXPECT_EQ(*document->data, encoded(pdf()));
    EXPECT_TRUE(is_sound(*document));
  }
}

TEST(documents, are_texts_of_any_kind) {
  for (const auto type : {"text/plain", "text/x-python", "application/json", "image/svg+xml",
                          "application/octet-stream", ""}) {
    const auto document = read_document(url(type, "\xef\xbb\xbfGr\xc3\xbc\xc3\x9f"
                                                  "e\n"),
                                        "", {});
    if (std::string_view{type}.starts_with("image/")) {
      EXPECT_FALSE(document);
      continue;
    }
    ASSERT_TRUE(document) << type;
    EXPECT_EQ(document->media_type, "text/plain");
    EXPECT_EQ(*document->data, "Gr\xc3\xbc\xc3\x9f"
                               "e\n");
    EXPECT_TRUE(is_sound(*document));
  }
}

TEST(documents, that_end_too_early_or_are_locked_are_refused) {
  const auto whole = pdf();
  for (std::size_t size = 5; size + 7 < whole.size(); ++size)
    EXPECT_THAT(problem(encoded(whole.substr(0, size))), HasSubstr("end is missing")) << size;
  EXPECT_THAT(problem(encoded(pdf("<</Encrypt 9 0 R>>"))), HasSubstr("encrypted"));
  const std::string head = "%PDF-1.5\n";
  const auto stream = [&](std::string_view more) {
    return head + "7 0 obj<</Type/XRef" + std::string{more}
           + ">>stream\n/Encrypt\nendstream\nendobj\n" + "startxref\n9\n%%EOF";
  };
  EXPECT_EQ(problem(encoded(stream(""))), "none") << "what a stream holds is not looked at";
  EXPECT_THAT(problem(encoded(stream("/Encrypt 2 0 R"))), HasSubstr("encrypted"));
  for (const std::string_view offset : {"", "x", "99999999999999999999", "5000", "-1"})
    EXPECT_EQ(problem(encoded(head + "startxref\n" + std::string{offset} + "\n%%EOF")), "none")
      << "readers mend that";
}

TEST(documents, are_read_where_they_begin_with_a_table) {
  const std::string head = "%PDF-1.4\n";
  const auto linear = [&](std::string_view trailer) {
    return head + "xref\n0 1\ntrailer<<" + std::string{trailer} + ">>\nstartxref\n0\n%%EOF\n"
           + "1 0 obj(How to /Encrypt)endobj\nxref\n0 1\ntrailer<<>>\nstartxref\n"
           + std::to_string(head.size()) + "\n%%EOF\n";
  };
  EXPECT_EQ(problem(encoded(linear("/Root 1 0 R"))), "none") << "a page may speak of it";
  EXPECT_THAT(problem(encoded(linear("/Encrypt 2 0 R"))), HasSubstr("encrypted"));
}

TEST(documents, of_other_kinds_are_refused) {
  EXPECT_THAT(problem(url("application/pdf", "hello")), HasSubstr("not those of application/pdf"));
  EXPECT_THAT(problem(url("text/plain", pdf())), HasSubstr("not those of text/plain"));
  EXPECT_THAT(problem(url("image/png", "x")), HasSubstr("image_url"));
  EXPECT_THAT(problem(url("application/zip", "PK")), HasSubstr("application/pdf, or a text"));
  EXPECT_THAT(problem(url("text/plain", "a\0b"sv)), HasSubstr("UTF-8"));
  EXPECT_THAT(problem(url("text/plain", "\xff\xfe")), HasSubstr("UTF-8"));
  EXPECT_THAT(problem(url("text/plain", "")), HasSubstr("empty"));
  EXPECT_THAT(problem(url("text/plain", " \n\t")), HasSubstr("empty"));
  EXPECT_THAT(problem("data:text/plain,hello"), HasSubstr("base64"));
  EXPECT_THAT(problem("data:"), HasSubstr("base64"));
  EXPECT_THAT(problem("hello!"), HasSubstr("valid base64"));
  EXPECT_THAT(problem(encoded(std::string(1000, 'x'))), HasSubstr("limits.document_bytes_max"));
  EXPECT_THAT(problem(encoded("x"), std::string(256, 'n')), HasSubstr("255 bytes"));
}

TEST(documents, are_sound_if_they_are_what_they_say) {
  const auto document = *read_document(encoded(pdf()), "", {});
  auto other = document;
  other.hash.low ^= 1U;
  EXPECT_FALSE(is_sound(other));
  other = document;
  other.media_type = "text/plain";
  EXPECT_FALSE(is_sound(other)) << "the hash is that of the bytes";
  for (const char* data : {"", "AAAA", "!!!!"}) {
    other = document;
    other.data = std::make_shared<const std::string>(data);
    EXPECT_FALSE(is_sound(other)) << data;
  }
  other.media_type.clear();
  EXPECT_FALSE(is_sound(other));
}

} // namespace
} // namespace ccapi::media
