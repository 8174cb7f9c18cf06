#include "http/wire/framing.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ccapi::http {
namespace {

using namespace std::string_literals;

unsigned status_of(const std::string& head) {
  const auto* problem = validate_framing(head);
  return problem ? problem->status : 0;
}

std::string post(const std::string& fields) {
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

struct row {
  std::string name;
  std::string head;
  unsigned status;
};

class framing : public testing::TestWithParam<row> {};

TEST_P(framing, has_one_reading_or_is_refused) {
  EXPECT_EQ(status_of(GetParam().head), GetParam().status);
}

const std::string host = "Host: h\r\n";

INSTANTIATE_TEST_SUITE_P(
  accepted, framing,
  testing::Values(
    row{"plain_get", "GET / HTTP/1.1\r\n" + host + "\r\n", 0},
    row{"http_10_without_host", "GET / HTTP/1.0\r\n\r\n", 0},
    row{"length", post("Content-Length: 5\r\n"), 0},
    row{"length_with_space_around", post("Content-Length: \t5 \r\n"), 0},
    row{"chunked", post("Transfer-Encoding: Chunked\r\n"), 0},
    row{"options_star", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 0},
    row{"get_with_zero_length", "GET / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n", 0},
    row{"expect_continue", post("Content-Length: 5\r\nExpect: 100-Continue\r\n"), 0},
    row{"empty_value", post("Accept:\r\n"), 0},
    row{"eight_bit_value", post("X-Name: caf\xc3\xa9\r\n"), 0},
    row{"underscored_length_is_no_length", post("Content_Length: x\r\nContent-Length: 5\r\n"), 0}),
  [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
  refused, framing,
  testing::Values(
    row{"length_then_chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
    row{"chunked_then_length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
    row{"two_lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
    row{"two_equal_lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
    row{"length_list", post("Content-Length: 5, 5\r\n"), 400},
    row{"signed_length", post("Content-Length: +5\r\n"), 400},
    row{"hex_length", post("Content-Length: 0x5\r\n"), 400},
    row{"negative_length", post("Content-Length: -1\r\n"), 400},
    row{"huge_length", post("Content-Length: 99999999999999999999\r\n"), 400},
    row{"empty_length", post("Content-Length:\r\n"), 400},
    row{"gzip_and_length", post("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"), 400},
    row{"xchunked_and_length", post("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n"), 400},
    row{"gzip", post("Transfer-Encoding: gzip\r\n"), 501},
    row{"identity", post("Transfer-Encoding: identity\r\n"), 501},
    row{"chunked_gzip", post("Transfer-Encoding: chunked, gzip\r\n"), 501},
    row{"chunked_twice", post("Transfer-Encoding: chunked, chunked\r\n"), 501},
    row{"chunked_on_two_lines",
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 501},
    row{"empty_encoding", post("Transfer-Encoding:\r\n"), 501},
    row{"chunked_on_http_10", "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n",
        400},
    row{"folded_line", post("X-A: b\r\n c\r\n"), 400},
    row{"folded_first_line", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
    row{"two_hosts", post("Host: h\r\n"), 400}, row{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
    row{"two_hosts_on_http_10", "GET / HTTP/1.0\r\n" + host + host + "\r\n", 400},
    row{"absolute_target", "GET http://h/ HTTP/1.1\r\n" + host + "\r\n", 400},
    row{"star_for_get", "GET * HTTP/1.1\r\n" + host + "\r\n", 400},
    row{"connect", "CONNECT h:80 HTTP/1.1\r\n" + host + "\r\n", 400},
    row{"eight_bit_target", "GET /caf\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n", 400},
    row{"control_in_target", "GET /a\x01 HTTP/1.1\r\n" + host + "\r\n", 400},
    row{"space_in_target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
    row{"fragment", "GET /a#b HTTP/1.1\r\n" + host + "\r\n", 400},
    row{"lower_case_method", "get / HTTP/1.1\r\n" + host + "\r\n", 501},
    row{"unknown_method", "BREW / HTTP/1.1\r\n" + host + "\r\n", 501},
    row{"get_with_body", "GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\n", 400},
    row{"get_with_chunks", "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", 400},
    row{"other_expectation", post("Expect: 200-ok\r\n"), 417}, row{"http_09", "GET /\r\n\r\n", 400},
    row{"http_12", "GET / HTTP/1.2\r\n" + host + "\r\n", 505},
    row{"http_20", "GET / HTTP/2.0\r\n" + host + "\r\n", 505},
    row{"http_11_in_lower_case", "GET / http/1.1\r\n" + host + "\r\n", 400},
    row{"bare_line_feed", "GET / HTTP/1.1\nHost: h\n\n", 400},
    row{"bare_carriage_return", post("X-A: b\rc\r\n"), 400},
    row{"nul_in_value", post("X-A: b\0c\r\n"s), 400},
    row{"delete_in_value", post("X-A: b\x7f\r\n"), 400},
    row{"space_before_colon", post("X-A : b\r\n"), 400}, row{"no_colon", post("X-A\r\n"), 400},
    row{"empty_name", post(": b\r\n"), 400}, row{"bytes_behind_the_head", post("") + "x", 400}),
  [](const auto& tested) { return tested.param.name; });

class head_scanner_test : public testing::Test {
protected:
  /// Feeds the bytes one by one; the first finding that says something.
  head_scanner::finding drip(const std::string& bytes) {
    head_scanner scanner;
    for (std::size_t have = 1; have <= bytes.size(); ++have) {
      const auto found = scanner.scan(std::string_view{bytes}.substr(0, have), limits_);
      if (found.problem || found.head_bytes > 0)
        return found;
    }
    return {};
  }

  config::limits_settings limits_;
};

TEST_F(head_scanner_test, finds_the_end_however_the_bytes_arrive) {
  const auto head = "GET / HTTP/1.1\r\n" + host + "\r\n";
  EXPECT_EQ(drip(head + "body").head_bytes, head.size());
  EXPECT_EQ(head_scanner{}.scan(head + "body", limits_).head_bytes, head.size());
}

TEST_F(head_scanner_test, refuses_at_the_first_byte_what_is_no_http) {
  EXPECT_NE(drip("\x16\x03\x01").problem, nullptr);
  EXPECT_NE(drip("\r\nGET / HTTP/1.1\r\n").problem, nullptr);
}

TEST_F(head_scanner_test, refuses_a_bare_line_feed_without_waiting_for_more) {
  ASSERT_NE(drip("GET / HTTP/1.1\nHost: h\n").problem, nullptr);
  EXPECT_EQ(drip("GET / HTTP/1.1\r\nHost: h\n").problem->status, 400u);
  EXPECT_EQ(drip("GET /\r\n").problem->status, 400u);
}

TEST_F(head_scanner_test, limits_the_request_line_before_it_has_ended) {
  const auto found = drip("GET /" + std::string(limits_.request_line_bytes_max, 'a'));
  ASSERT_NE(found.problem, nullptr);
  EXPECT_EQ(found.problem->status, 414u);
}

TEST_F(head_scanner_test, limits_the_header_before_it_has_ended) {
  const auto found = drip("GET / HTTP/1.1\r\nX: " + std::string(limits_.header_bytes_max, 'a'));
  ASSERT_NE(found.problem, nullptr);
  EXPECT_EQ(found.problem->status, 431u);
}

TEST_F(head_scanner_test, limits_the_number_of_fields) {
  limits_.header_fields_max = 3;
  EXPECT_EQ(drip("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n").problem, nullptr);
  const auto found = drip("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n");
  ASSERT_NE(found.problem, nullptr);
  EXPECT_EQ(found.problem->status, 431u);
}

} // namespace
} // namespace ccapi::http
