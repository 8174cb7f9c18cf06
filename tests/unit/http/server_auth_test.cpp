#include "server_fixture.hpp"

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include <future>

namespace ccapi::http::test {
namespace {

using testing::HasSubstr;

constexpr const char* page = "Origin: http://app.test\r\n";

class server_auth : public server_fixture {
protected:
  void serve_with_keys() {
    auto& keys = settings_of_keys_.auth.accepted;
    keys.push_back({.name = "plain", .secret = "key-of-the-plain", .sha256 = {}});
    keys.push_back({.name = "boss", .secret = "key-of-the-admin", .sha256 = {}});
    keys.back().admin = true;
    serve();
  }
  raw_answer ask(const std::string& request) {
    auto client = connect();
    client.send(request);
    return client.read_answer();
  }
  /// Takes other settings over and waits until they hold.
  void reconfigure() {
    server_->reconfigure(settings());
    for (int hops = 0; hops < 2; ++hops) { // by the accepting loop to that of the connections
      std::promise<void> passed;
      boost::asio::post(loop_, [&passed] { passed.set_value(); });
      passed.get_future().wait();
    }
  }
  static std::string key(const char* text) { return std::string{"X-API-Key: "} + text + "\r\n"; }
};

TEST_F(server_auth, without_keys_any_or_no_key_will_do) {
  serve();
  EXPECT_EQ(ask(get("/v1/models")).status, 200u);
  EXPECT_EQ(ask(get("/v1/models", "Authorization: Bearer not-needed\r\n")).status, 200u);
}

TEST_F(server_auth, answers_only_who_shows_a_key) {
  serve_with_keys();
  const auto none = ask(get("/v1/models"));
  EXPECT_EQ(none.status, 401u);
  EXPECT_EQ(none.field("www-authenticate"), "Bearer");
  EXPECT_EQ(none.field("x-should-retry"), "false");
  EXPECT_THAT(none.body, HasSubstr(R"("type":"authentication_error")"));
  EXPECT_THAT(none.body, HasSubstr(R"("code":"invalid_api_key")"));
  const auto wrong = ask(get("/v1/models", key("key-of-somebody")));
  EXPECT_EQ(wrong.body, none.body) << "tells nothing about the key";
  EXPECT_EQ(ask(get("/v1/models", "Authorization: Bearer key-of-the-plain\r\n")).status, 200u);
  EXPECT_EQ(ask(get("/v1/models", "Api-Key: key-of-the-plain\r\n")).status, 200u);
  EXPECT_EQ(ask(get("/v1/nothing")).status, 401u) << "not even what there is";
}

TEST_F(server_auth, a_key_is_checked_before_the_body_is_read) {
  serve_with_keys();
  auto client = connect();
  client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
              + "\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n");
  const auto refused = client.read_answer();
  EXPECT_EQ(refused.status, 401u);
  EXPECT_EQ(refused.field("connection"), "close");
}

TEST_F(server_auth, details_are_for_admin_keys) {
  serve_with_keys();
  EXPECT_EQ(ask(get("/stats")).status, 401u);
  const auto refused = ask(get("/stats", key("key-of-the-plain")));
  EXPECT_EQ(refused.status, 403u);
  EXPECT_THAT(refused.body, HasSubstr("admin_key_required"));
  EXPECT_EQ(ask(get("/stats", key("key-of-the-admin"))).status, 200u);
  EXPECT_EQ(ask(get("/health")).status, 200u);
  gateway_->set_health(
    {.state = domain::health_state::ok, .reason = {}, .cli_path = {}, .cli_version = "2.1.330"});
  EXPECT_THAT(ask(get("/health?verbose")).body, testing::Not(HasSubstr("2.1.330")));
  EXPECT_THAT(ask(get("/health?verbose", key("key-of-the-plain"))).body,
              testing::Not(HasSubstr("2.1.330")));
  EXPECT_THAT(ask(get("/health?verbose", key("key-of-the-admin"))).body, HasSubstr("2.1.330"));
}

TEST_F(server_auth, who_tries_keys_is_slowed_down_but_nobody_is_locked_out) {
  settings_of_keys_.auth.failures_per_minute_max = 3;
  serve_with_keys();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ask(get("/v1/models", key("key-of-somebody"))).status, 401u);
  const auto refused = ask(get("/v1/models", key("key-of-somebody")));
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(refused.field("x-should-retry"), "true");
  EXPECT_NE(refused.field("retry-after"), "");
  EXPECT_EQ(ask(get("/v1/models", key("key-of-the-plain"))).status, 200u);
}

TEST_F(server_auth, a_key_has_no_more_turns_than_it_may) {
  serve_with_keys();
  settings_of_keys_.auth.accepted.front().max_concurrent = 1;
  reconfigure();
  auto client = connect();
  client.send(post(chat(true), key("key-of-the-plain")));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  const auto refused = ask(post(chat(false), key("key-of-the-plain")));
  EXPECT_EQ(refused.status, 429u);
  EXPECT_THAT(refused.body, HasSubstr("max_concurrent"));
  EXPECT_EQ(refused.field("retry-after"), "1");
}

TEST_F(server_auth, a_key_that_has_spent_its_budget_waits_for_midnight) {
  serve_with_keys();
  settings_of_keys_.auth.accepted.front().budget_micro_usd_per_day = 5'000'000;
  reconfigure();
  gateway_->set_spent_today(5'000'000);
  const auto refused = ask(post(chat(false), key("key-of-the-plain")));
  EXPECT_EQ(refused.status, 429u);
  EXPECT_THAT(refused.body, HasSubstr("insufficient_quota"));
  EXPECT_EQ(refused.field("x-should-retry"), "false");
  const auto wait = std::stoul(std::string{refused.field("retry-after")});
  EXPECT_GE(wait, 1U);
  EXPECT_LE(wait, 24U * 60 * 60);
  EXPECT_EQ(ask(get("/v1/models", key("key-of-the-plain"))).status, 200u) << "it costs nothing";
  gateway_->play({domain::turn_finished{}});
  EXPECT_EQ(ask(post(chat(false), key("key-of-the-admin"))).status, 200u) << "another key";
  gateway_->set_spent_today(4'999'999);
  EXPECT_EQ(ask(post(chat(false), key("key-of-the-plain"))).status, 200u);
}

TEST_F(server_auth, figures_for_prometheus_are_for_admins) {
  serve_with_keys();
  EXPECT_EQ(ask(get("/metrics")).status, 401u);
  EXPECT_EQ(ask(get("/metrics", key("key-of-the-plain"))).status, 403u);
  const auto answer = ask(get("/metrics", key("key-of-the-admin")));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("\nccapi_turns_submitted_total 7\n"));
  EXPECT_THAT(answer.body,
              HasSubstr("ccapi_http_answers_total{route=\"/metrics\",status=\"4xx\"} 2\n"));
}

TEST_F(server_auth, a_key_has_no_more_requests_than_it_may) {
  settings_of_keys_.auth.accepted.push_back(
    {.name = "few", .secret = "key-with-few-requests", .sha256 = {}});
  settings_of_keys_.auth.accepted.back().requests_per_minute = 2;
  serve_with_keys();
  const auto first = ask(get("/v1/models", key("key-with-few-requests")));
  EXPECT_EQ(first.status, 200u);
  EXPECT_EQ(first.field("x-ratelimit-limit-requests"), "2");
  EXPECT_EQ(first.field("x-ratelimit-remaining-requests"), "1");
  EXPECT_EQ(ask(get("/v1/models", key("key-with-few-requests"))).status, 200u);
  const auto refused = ask(get("/v1/models", key("key-with-few-requests")));
  EXPECT_EQ(refused.status, 429u);
  EXPECT_NE(refused.field("retry-after-ms"), "");
}

TEST_F(server_auth, new_keys_hold_from_the_next_request_on) {
  serve_with_keys();
  auto client = connect();
  client.send(get("/v1/models", key("key-of-the-plain")));
  EXPECT_EQ(client.read_answer().status, 200u);
  settings_of_keys_.auth.accepted.erase(settings_of_keys_.auth.accepted.begin());
  reconfigure();
  client.send(get("/v1/models", key("key-of-the-plain")));
  EXPECT_EQ(client.read_answer().status, 401u) << "on an open connection, too";
}

TEST_F(server_auth, lenient_bodies_need_a_key) {
  settings_.lenient_content_type = true;
  serve_with_keys();
  const auto body = chat(false);
  const auto request = [&](const std::string& fields) {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
           + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body;
  };
  EXPECT_EQ(ask(request("Content-Type: text/plain\r\n")).status, 401u);
  auto client = connect();
  client.send(request("Content-Type: text/plain\r\n" + key("key-of-the-plain")));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  EXPECT_EQ(ask(request("Content-Type: image/png\r\n" + key("key-of-the-plain"))).status, 415u);
}

TEST_F(server_auth, an_allowed_page_may_ask_and_read) {
  settings_of_keys_.cors.allowed_origins = {"http://app.test"};
  serve();
  const auto preflight =
    ask("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: " + host() + "\r\n" + page
        + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "
          "authorization,content-type,x-stainless-os,x-unheard-of\r\n"
          "Access-Control-Request-Private-Network: true\r\n\r\n");
  EXPECT_EQ(preflight.status, 204u);
  EXPECT_EQ(preflight.field("access-control-allow-origin"), "http://app.test");
  EXPECT_EQ(preflight.field("access-control-allow-headers"),
            "authorization, content-type, x-stainless-os, x-unheard-of");
  EXPECT_THAT(preflight.field("access-control-allow-methods"), HasSubstr("POST"));
  EXPECT_EQ(preflight.field("access-control-max-age"), "600");
  EXPECT_EQ(preflight.field("access-control-allow-private-network"), "true");
  const auto models = ask(get("/v1/models", page));
  EXPECT_EQ(models.status, 200u);
  EXPECT_EQ(models.field("access-control-allow-origin"), "http://app.test");
  EXPECT_EQ(models.field("vary"), "Origin");
  EXPECT_THAT(models.field("access-control-expose-headers"), HasSubstr("x-request-id"));
  const auto missing = ask(get("/v1/nothing", page));
  EXPECT_EQ(missing.status, 404u);
  EXPECT_EQ(missing.field("access-control-allow-origin"), "http://app.test") << "errors as well";
}

TEST_F(server_auth, a_listed_page_may_send_what_its_library_likes) {
  settings_of_keys_.cors.allowed_origins = {"http://app.test"};
  serve();
  const auto granted = [&](std::string_view origin, const std::string& names) {
    return ask("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: " + host()
               + "\r\nOrigin: " + std::string{origin}
               + "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "
               + names + "\r\n\r\n")
      .field("access-control-allow-headers");
  };
  EXPECT_EQ(granted("http://app.test", "dangerously-allow-browser,HTTP-Referer, x-title"),
            "dangerously-allow-browser, HTTP-Referer, x-title");
  EXPECT_EQ(granted("http://app.test", "a b,,*\t, x:y, (, ok"), "*, ok") << "tokens only";
  std::string many = "x-0";
  for (int i = 1; i < 200; ++i)
    many += ",x-" + std::to_string(i);
  const auto some = granted("http://app.test", many);
  EXPECT_EQ(std::count(some.begin(), some.end(), ','), 63);
}

TEST_F(server_auth, an_unlisted_page_may_send_what_is_known) {
  settings_of_keys_.cors.allow_any = true;
  serve_with_keys();
  const auto preflight =
    ask("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: " + host() + "\r\n" + page
        + "Access-Control-Request-Method: POST\r\n"
          "Access-Control-Request-Headers: content-type,x-title,x-stainless-os\r\n\r\n");
  EXPECT_EQ(preflight.field("access-control-allow-headers"), "content-type, x-stainless-os");
}

TEST_F(server_auth, other_pages_learn_nothing) {
  settings_of_keys_.cors.allowed_origins = {"http://app.test"};
  serve();
  for (const auto* origin : {"http://app.test.attacker.test", "https://app.test", "null",
                             "http://app.test:80", "http://APP.test"}) {
    const auto field = std::string{"Origin: "} + origin + "\r\n";
    const auto refused = ask(get("/v1/models", field));
    EXPECT_EQ(refused.status, 403u) << origin;
    EXPECT_EQ(refused.field("access-control-allow-origin"), "") << origin;
    const auto preflight = ask("OPTIONS /v1/models HTTP/1.1\r\nHost: " + host() + "\r\n" + field
                               + "Access-Control-Request-Method: GET\r\n\r\n");
    EXPECT_EQ(preflight.status, 403u) << origin;
  }
}

TEST_F(server_auth, a_page_needs_a_key_where_there_are_keys) {
  settings_of_keys_.cors.allow_any = true;
  serve_with_keys();
  const auto refused = ask(get("/v1/models", page));
  EXPECT_EQ(refused.status, 401u);
  EXPECT_EQ(refused.field("access-control-allow-origin"), "http://app.test");
  EXPECT_EQ(ask(get("/v1/models", page + key("key-of-the-plain"))).status, 200u);
  EXPECT_EQ(ask(get("/v1/models", "Origin: null\r\n" + key("key-of-the-plain"))).status, 403u);
}

} // namespace
} // namespace ccapi::http::test
