#include "http/router.hpp"
#include "server_fixture.hpp"
#include "toy_dialect.hpp"

#include <gmock/gmock.h>

// The server speaks whatever dialect it is given, from the first refusal to the last event.

namespace ccapi::http::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class server_dialect : public server_fixture {
protected:
  server_dialect() { dialects_ = {.openai = &toy_protocol, .otherwise = &toy_protocol}; }

  raw_answer ask(const std::string& request) {
    auto client = connect();
    client.send(request);
    return client.read_answer();
  }
};

TEST_F(server_dialect, gives_a_whole_answer) {
  serve();
  gateway_->play({domain::answer_started{"claude-x"}, domain::text_delta{"Hel"},
                  domain::text_delta{"lo"}, domain::turn_finished{}});
  const auto answer = ask(post(R"({"say":"hi"})"));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, R"({"said":"Hello"})");
  EXPECT_EQ(answer.field("toy"), "1");
  EXPECT_EQ(answer.field("openai-version"), "");
  ASSERT_EQ(gateway_->requests.size(), 1u);
  EXPECT_EQ(domain::plain_text(gateway_->requests.front().messages.back()), "hi");
}

TEST_F(server_dialect, tells_browsers_of_its_fields_only) {
  settings_of_keys_.cors.allow_any = true;
  settings_of_keys_.auth.accepted.push_back(
    {.name = "plain", .secret = "key-of-the-plain", .sha256 = {}});
  serve();
  const auto answer =
    ask("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: " + host()
        + "\r\nOrigin: http://page.test\r\nAccess-Control-Request-Method: POST\r\n"
          "Access-Control-Request-Headers: toy-wish, openai-beta, x-ccapi-strict\r\n"
          "\r\n");
  EXPECT_EQ(answer.status, 204u);
  EXPECT_EQ(answer.field("access-control-allow-headers"), "toy-wish, x-ccapi-strict");
  EXPECT_THAT(answer.field("access-control-expose-headers"), EndsWith(", toy"));
  EXPECT_THAT(answer.field("access-control-expose-headers"), Not(HasSubstr("openai")));
}

TEST_F(server_dialect, streams) {
  serve();
  gateway_->play({domain::answer_started{"claude-x"}, domain::text_delta{"Hel"},
                  domain::text_delta{"lo"}, domain::turn_finished{}});
  const auto answer = ask(post(R"({"say":"hi","live":true})"));
  EXPECT_EQ(answer.field("toy"), "1");
  EXPECT_EQ(answer.body, "event: begin\ndata: claude-x\n\nevent: say\ndata: Hel\n\n"
                         "event: say\ndata: lo\n\nevent: end\ndata:\n\n");
}

TEST_F(server_dialect, tells_in_the_stream_that_it_failed) {
  serve();
  gateway_->play({domain::answer_started{"claude-x"}, domain::text_delta{"Hel"},
                  domain::turn_failed{{.message = "It died.", .detail = "secret"}}});
  auto client = connect();
  client.send(post(R"({"say":"hi","live":true})"));
  const auto received = client.read_to_end();
  EXPECT_THAT(received, EndsWith("event: sorry\ndata: It died.\n\n\r\n"));
  EXPECT_THAT(received, Not(HasSubstr("secret")));
}

TEST_F(server_dialect, tells_failures_in_its_form) {
  serve();
  EXPECT_EQ(ask(post(R"({"say":1})")).body, R"({"sorry":"Say something."})");
  gateway_->play({domain::turn_failed{{.message = "It died."}}});
  const auto failed = ask(post(R"({"say":"hi","live":true})"));
  EXPECT_EQ(failed.status, 500u);
  EXPECT_EQ(failed.body, R"({"sorry":"It died."})");
}

TEST_F(server_dialect, refuses_in_its_form_before_it_knows_who_asks) {
  settings_of_keys_.auth.accepted.push_back(
    {.name = "plain", .secret = "key-of-the-plain", .sha256 = {}});
  serve();
  const auto refused = ask(post(R"({"say":"hi"})"));
  EXPECT_EQ(refused.status, 401u);
  EXPECT_EQ(refused.field("toy"), "1");
  EXPECT_THAT(refused.body, HasSubstr(R"({"sorry":"No API key was shown)"));
  const auto foreign = ask("POST /v1/chat/completions HTTP/1.1\r\nHost: evil.test\r\n\r\n");
  EXPECT_EQ(foreign.status, 421u);
  EXPECT_THAT(foreign.body, HasSubstr(R"({"sorry":"The Host header)"));
  EXPECT_THAT(ask("no http\r\n\r\n").body, HasSubstr(R"({"sorry":)")) << "leads to no route at all";
}

TEST_F(server_dialect, stands_beside_another_one) {
  dialects_.otherwise = &openai::protocol;
  settings_of_keys_.auth.accepted.push_back(
    {.name = "plain", .secret = "key-of-the-plain", .sha256 = {}});
  serve();
  gateway_->play(
    {domain::answer_started{"claude-x"}, domain::text_delta{"Hello"}, domain::turn_finished{}});
  const std::string key = "X-Api-Key: key-of-the-plain\r\n";
  auto client = connect(); // one connection speaks both, in turn
  const auto ask_in_turn = [&](const std::string& request) {
    client.send(request);
    return client.read_answer();
  };
  const auto is_toy = [](const raw_answer& answer) {
    return answer.field("toy") == "1" && answer.field("openai-version").empty();
  };
  const auto is_openai = [](const raw_answer& answer) {
    return answer.field("toy").empty() && !answer.field("openai-version").empty();
  };
  for (int round = 0; round < 2; ++round) {
    const auto stranger = ask_in_turn(get("/v1/chat/completions"));
    EXPECT_TRUE(is_toy(stranger));
    EXPECT_THAT(stranger.body, StartsWith(R"({"sorry":)"));
    const auto health = ask_in_turn(get("/health"));
    EXPECT_EQ(health.status, 200u);
    EXPECT_TRUE(is_openai(health));
    const auto said = ask_in_turn(post(R"({"say":"hi"})", key));
    EXPECT_EQ(said.body, R"({"said":"Hello"})");
    EXPECT_TRUE(is_toy(said));
    const auto nowhere = ask_in_turn(get("/v1/nothing", key));
    EXPECT_EQ(nowhere.status, 404u);
    EXPECT_TRUE(is_openai(nowhere));
    EXPECT_THAT(nowhere.body, StartsWith(R"({"error":)"));
    const auto mistaken = ask_in_turn(post(R"({"say":1})", key));
    EXPECT_EQ(mistaken.body, R"({"sorry":"Say something."})");
    const auto forbidden = ask_in_turn(get("/stats", key));
    EXPECT_EQ(forbidden.status, 403u);
    EXPECT_TRUE(is_openai(forbidden));
    EXPECT_THAT(forbidden.body, StartsWith(R"({"error":)"));
  }
}

TEST_F(server_dialect, makes_the_list_of_models_once_and_anew_after_a_reload) {
  static int made = 0; // a dialect's functions have no other state
  made = 0;
  auto counting = openai::protocol;
  counting.models.list = [](const domain::model_catalog&) { return std::to_string(++made); };
  dialects_.openai = &counting;
  serve();
  for (int asked = 0; asked < 3; ++asked)
    EXPECT_EQ(ask(get("/v1/models")).body, "1");
  server_->reconfigure(settings());
  EXPECT_EQ(ask(get("/v1/models")).body, "2");
}

TEST(route_dialect, is_the_one_of_the_paths_row_whatever_the_method) {
  for (const auto& each : api)
    for (const auto verb : {each.verb, method::options, method::other})
      EXPECT_EQ(find_route(verb, each.pattern).speaks, each.speaks) << each.pattern;
  EXPECT_EQ(find_route(method::get, "/nothing").speaks, default_dialect);
}

} // namespace
} // namespace ccapi::http::test
