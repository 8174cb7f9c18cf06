#include "http/answers/chat_plan.hpp"
#include "http/answers/error_table.hpp"
#include "http/answers/reply.hpp"
#include "http/answers/response.hpp"
#include "http/wire/deadlines.hpp"
#include "http/wire/input_buffer.hpp"
#include "openai/protocol.hpp"

#include <gtest/gtest.h>

namespace ccapi::http {
namespace {

response_frame usual_frame() {
  return {.dialect = &openai::protocol,
          .length = 7,
          .request_id = "id-1",
          .date = "Sun, 06 Nov 1994 08:49:37 GMT",
          .processing = std::chrono::milliseconds{12}};
}

std::string rendered(const response_head& head, const response_frame& frame) {
  std::string out;
  append_response_head(out, head, frame);
  return out;
}

TEST(response, has_exactly_these_bytes) {
  EXPECT_EQ(rendered({.status = 404, .extra = "x-a: b\r\n"}, usual_frame()),
            "HTTP/1.1 404 Not Found\r\n"
            "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "content-type: application/json\r\n"
            "content-length: 7\r\n"
            "x-request-id: id-1\r\n"
            "openai-version: 2020-10-01\r\n"
            "openai-processing-ms: 12\r\n"
            "x-a: b\r\n"
            "\r\n");
}

TEST(response, is_marked_in_demo_mode) {
  auto frame = usual_frame();
  EXPECT_EQ(rendered({}, frame).find("x-ccapi-demo"), std::string::npos);
  frame.demo = true;
  EXPECT_NE(rendered({}, frame).find("\r\nx-ccapi-demo: 1\r\n"), std::string::npos);
}

TEST(response, says_how_the_body_and_the_connection_end) {
  auto frame = usual_frame();
  frame.end = body_end::chunked;
  EXPECT_NE(rendered({}, frame).find("\r\ntransfer-encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(rendered({}, frame).find("content-length"), std::string::npos);
  frame.end = body_end::close;
  frame.keep_alive = false;
  EXPECT_EQ(rendered({}, frame).find("transfer-encoding"), std::string::npos);
  EXPECT_NE(rendered({}, frame).find("\r\nconnection: close\r\n"), std::string::npos);
  frame.keep_alive = true;
  frame.http_10 = true;
  EXPECT_NE(rendered({}, frame).find("\r\nconnection: keep-alive\r\n"), std::string::npos);
}

TEST(response, has_a_reason_for_every_status_in_use) {
  for (const unsigned status : {200u, 400u, 401u, 403u, 404u, 405u, 408u, 413u, 414u, 415u,
                                417u, 421u, 429u, 431u, 500u, 501u, 502u, 503u, 504u, 505u})
    EXPECT_EQ(rendered({.status = status}, usual_frame()).find('<'), std::string::npos) << status;
}

TEST(response, drops_header_values_that_could_break_out) {
  std::string lines;
  append_header(lines, "x-a", "fine value");
  append_header(lines, "x-b", "bad\r\nx-evil: 1");
  append_header(lines, "x-c", "caf\xc3\xa9");
  append_header(lines, "x-d", "");
  EXPECT_EQ(lines, "x-a: fine value\r\n");
}

TEST(response, formats_the_date_as_http_wants_it) {
  http_date date;
  EXPECT_EQ(date.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST(error_table, maps_what_clients_rely_on) {
  using domain::error_code;
  EXPECT_EQ(row_for(error_code::invalid_request).status, 400u);
  EXPECT_EQ(row_for(error_code::upstream_auth).status, 401u);
  EXPECT_EQ(row_for(error_code::model_not_found).status, 404u);
  EXPECT_EQ(row_for(error_code::rate_limited).status, 429u);
  EXPECT_TRUE(row_for(error_code::rate_limited).retryable);
  EXPECT_EQ(row_for(error_code::insufficient_quota).status, 429u);
  EXPECT_FALSE(row_for(error_code::insufficient_quota).retryable);
  EXPECT_EQ(row_for(error_code::upstream_crash).status, 502u);
  EXPECT_EQ(row_for(error_code::cli_unavailable).status, 503u);
  EXPECT_EQ(row_for(error_code::timeout).status, 504u);
  EXPECT_EQ(row_for(error_code::internal).status, 500u);
}

TEST(error_table, has_a_real_status_for_every_code) {
  for (int value = 1; value <= static_cast<int>(domain::error_code::internal); ++value) {
    const auto code = static_cast<domain::error_code>(value);
    EXPECT_GE(row_for(code).status, 400u) << value;
    EXPECT_LE(row_for(code).status, 504u) << value;
    if (row_for(code).status < 429u && code != domain::error_code::conversation_busy) {
      EXPECT_FALSE(row_for(code).retryable) << value;
    }
  }
}

TEST(reply, tells_in_both_units_when_to_come_back) {
  std::string lines;
  append_retry_headers(lines, true, std::chrono::milliseconds{1500});
  EXPECT_EQ(lines, "x-should-retry: true\r\nretry-after: 2\r\nretry-after-ms: 1500\r\n");
  lines.clear();
  append_retry_headers(lines, false, std::nullopt);
  EXPECT_EQ(lines, "x-should-retry: false\r\n");
}

TEST(reply, words_problems_in_the_dialect_of_the_request) {
  EXPECT_EQ(problem_body(openai::protocol, body_too_large),
            R"({"error":{"message":"The request body is larger than limits.body_bytes_max.",)"
            R"("type":"invalid_request_error","param":null,"code":"request_too_large"}})");
}

TEST(chat_plan_test, shows_the_model_that_ran_unless_told_to_echo) {
  chat_plan plan{.requested_model = "gpt-4o",
                 .resolved_model = "sonnet",
                 .ignored_params = {"seed", "temperature(clamped)"}};
  EXPECT_EQ(plan.shown_model(""), "sonnet");
  EXPECT_EQ(plan.shown_model("claude-sonnet-4-5"), "claude-sonnet-4-5");
  EXPECT_EQ(plan.headers("claude-sonnet-4-5", {"stop"}),
            "x-ccapi-mapped-model: claude-sonnet-4-5\r\n"
            "x-ccapi-ignored-params: seed, temperature(clamped), stop\r\n");
  plan.echo_requested = true;
  EXPECT_EQ(plan.shown_model("claude-sonnet-4-5"), "gpt-4o");
}

TEST(turn_trace_test, tells_in_headers_what_the_events_have_told) {
  using std::chrono::microseconds;
  turn_trace trace;
  EXPECT_EQ(trace.headers(), "");
  trace.note(domain::turn_accepted{"c-1"});
  EXPECT_EQ(trace.headers(), "x-ccapi-conversation-id: c-1\r\n");
  trace.note(domain::turn_placed{domain::match_outcome::rewound, false, false, microseconds{1234}});
  EXPECT_EQ(trace.headers(), "x-ccapi-conversation-id: c-1\r\nx-ccapi-match: rewound\r\n"
                             "server-timing: wait;dur=1.23\r\n");
  trace.note(domain::turn_placed{domain::match_outcome::seeded, true, false, microseconds{5}});
  EXPECT_FALSE(trace.work_begun);
  trace.note(
    domain::answer_started{"m", microseconds{0}, microseconds{20'070}, microseconds{9999}});
  EXPECT_TRUE(trace.work_begun);
  EXPECT_EQ(trace.headers(),
            "x-ccapi-conversation-id: c-1\r\nx-ccapi-match: seeded\r\n"
            "server-timing: wait;dur=0.00, boot;dur=0.00;desc=\"spare\", setup;dur=20.07, "
            "first;dur=9.99\r\n");
}

TEST(chat_plan_test, credit_lots_never_exceed_the_budget) {
  EXPECT_EQ(credit_lot(256 << 10), std::size_t{64} << 10);
  EXPECT_LE(credit_lot(1000), 250u);
  EXPECT_GE(credit_lot(0), 1u);
}

TEST(input_buffer_test, keeps_its_bytes_while_it_grows_and_moves) {
  input_buffer buffer;
  std::string expected;
  for (int round = 0; round < 50; ++round) {
    const auto space = buffer.prepare(1000);
    ASSERT_GE(space.size(), 1000u);
    std::fill_n(space.begin(), 1000, static_cast<char>('a' + round % 26));
    buffer.commit(1000);
    expected.append(1000, static_cast<char>('a' + round % 26));
    buffer.consume(700);
    expected.erase(0, 700);
    ASSERT_EQ(buffer.view(), expected);
  }
}

TEST(input_buffer_test, consuming_leaves_room_that_a_read_is_pending_on_in_place) {
  input_buffer buffer;
  auto space = buffer.prepare(16);
  space[0] = 'a';
  buffer.commit(1);
  space = buffer.prepare(16); // as for a pending read
  buffer.consume(1);
  EXPECT_TRUE(buffer.empty());
  space[0] = 'b';
  buffer.commit(1);
  EXPECT_EQ(buffer.view(), "b");
}

TEST(deadlines_test, reports_each_once_it_has_passed) {
  using std::chrono::seconds;
  const deadlines::time_point now{seconds{1000}};
  deadlines points;
  EXPECT_EQ(points.earliest(), deadlines::never);
  points.set(deadline::input, now + seconds{5});
  points.set(deadline::wake, now + seconds{2});
  EXPECT_EQ(points.earliest(), now + seconds{2});
  EXPECT_FALSE(points.take(deadline::wake, now + seconds{1}));
  EXPECT_TRUE(points.take(deadline::wake, now + seconds{2}));
  EXPECT_FALSE(points.take(deadline::wake, now + seconds{2}));
  EXPECT_EQ(points.earliest(), now + seconds{5});
}

} // namespace
} // namespace ccapi::http
