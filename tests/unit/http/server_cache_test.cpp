// Requests that are answered from the cache: whole or streamed, with what their heads say.

#include "server_fixture.hpp"

#include <algorithm>

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

class server_cache : public server_fixture {
protected:
  void finds(std::string text, std::string reasoning = {}) {
    domain::cached_answer said{.text = std::move(text),
                               .reasoning = std::move(reasoning),
                               .model = "claude-sonnet-4-5",
                               .usage = {.input_tokens = 3, .output_tokens = 2},
                               .dropped = {"temperature"}};
    gateway_->cache_finds = {.use = domain::cache_use::hit,
                             .answer =
                               std::make_shared<const domain::cached_answer>(std::move(said)),
                             .age = 17s};
  }
  raw_answer ask(bool stream, std::string_view fields = "") const {
    auto client = connect();
    client.send(post(chat(stream), fields));
    return client.read_answer();
  }
};

TEST_F(server_cache, a_hit_is_a_whole_answer_with_its_age) {
  serve();
  finds("Hello", "Hm");
  const auto answer = ask(false);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.field("x-ccapi-cache"), "hit");
  EXPECT_EQ(answer.field("age"), "17");
  EXPECT_EQ(answer.field("x-ccapi-mapped-model"), "claude-sonnet-4-5");
  EXPECT_EQ(answer.field("x-ccapi-ignored-params"), "temperature");
  EXPECT_EQ(answer.field("x-ccapi-conversation-id"), "") << "it belongs to none";
  for (const auto* part :
       {R"("content":"Hello")", R"("reasoning":"Hm")", R"("finish_reason":"stop")",
        R"("model":"claude-sonnet-4-5")", R"("prompt_tokens":3,"completion_tokens":2)",
        R"("conversation_id":null)"})
    EXPECT_NE(answer.body.find(part), std::string::npos) << part << " in " << answer.body;
  EXPECT_TRUE(gateway_->requests.empty()) << "no turn";
}

TEST_F(server_cache, each_hit_has_an_id_of_its_own) {
  serve();
  finds("Hello");
  const auto id = [](const raw_answer& of) {
    return of.body.substr(of.body.find("chatcmpl-"), 41);
  };
  EXPECT_NE(id(ask(false)), id(ask(false)));
  EXPECT_NE(id(ask(true)), id(ask(true)));
}

TEST_F(server_cache, a_hit_can_be_a_stream) {
  serve();
  finds("Hello", "Hm");
  auto client = connect();
  for (int twice = 0; twice < 2; ++twice) { // the connection goes on
    client.send(post(chat(true)));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.field("x-ccapi-cache"), "hit");
    EXPECT_EQ(answer.field("age"), "17");
    EXPECT_EQ(answer.field("x-ccapi-ignored-params"), "temperature");
    EXPECT_EQ(answer.field("x-ccapi-match"), "");
    const auto reasoning = answer.body.find(R"("reasoning":"Hm")");
    const auto text = answer.body.find(R"("content":"Hello")");
    ASSERT_NE(text, std::string::npos) << answer.body;
    EXPECT_LT(reasoning, text);
    EXPECT_LT(text, answer.body.find(R"("finish_reason":"stop")"));
    EXPECT_NE(answer.body.find(R"("conversation_id":null)"), std::string::npos);
    EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
  }
  EXPECT_TRUE(gateway_->requests.empty());
}

TEST_F(server_cache, a_long_hit_is_written_as_its_client_takes_it) {
  limits_.stream_buffer_bytes = 16 << 10;
  serve();
  std::string text;
  while (text.size() < 600'000)
    text += "\xc3\xa4\xe2\x82\xac~"; // characters of several bytes, at the pieces' borders, too
  finds(text);
  raw_client client{port_, 4096};
  client.send(post(chat(true)));
  const auto answer = client.read_answer();
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(std::count(answer.body.begin(), answer.body.end(), '~'),
            std::count(text.begin(), text.end(), '~'));
  EXPECT_EQ(std::count(answer.body.begin(), answer.body.end(), '\xe2'),
            std::count(text.begin(), text.end(), '\xe2'));
  EXPECT_EQ(answer.body.find("\xef\xbf\xbd"), std::string::npos) << "no character was cut";
}

TEST_F(server_cache, a_client_that_leaves_in_the_midst_of_a_hit_is_no_trouble) {
  limits_.stream_buffer_bytes = 16 << 10;
  serve();
  finds(std::string(4'000'000, '~'));
  {
    raw_client client{port_, 4096};
    client.send(post(chat(true)));
    client.read_some();
  }
  wait_until_empty();
}

TEST_F(server_cache, a_miss_and_a_bypass_say_so) {
  serve();
  gateway_->play({domain::answer_started{"m"}, domain::text_delta{"Hi"}, domain::turn_finished{}});
  EXPECT_EQ(ask(false).head.find("x-ccapi-cache"), std::string::npos) << "there is no cache";
  gateway_->cache_finds = {.use = domain::cache_use::miss};
  for (const bool stream : {false, true}) {
    const auto answer = ask(stream);
    EXPECT_EQ(answer.field("x-ccapi-cache"), "miss");
    EXPECT_EQ(answer.field("age"), "");
    EXPECT_EQ(ask(stream, "Cache-Control: no-cache\r\n").field("x-ccapi-cache"), "bypass");
  }
  EXPECT_EQ(gateway_->requests.size(), 5U);
}

TEST_F(server_cache, what_the_client_allows_reaches_the_cache) {
  serve();
  gateway_->play({domain::text_delta{"Hi"}, domain::turn_finished{}});
  ask(false);
  ask(false, "Cache-Control: max-age=5\r\ncache-control: no-store\r\n");
  ask(false); // nothing is left of the request before
  ASSERT_EQ(gateway_->cache_asked.size(), 3U);
  EXPECT_TRUE(gateway_->cache_asked[0].read && gateway_->cache_asked[0].keep);
  EXPECT_FALSE(gateway_->cache_asked[1].read || gateway_->cache_asked[1].keep);
  EXPECT_EQ(gateway_->cache_asked[1].age_max, 5s);
  EXPECT_TRUE(gateway_->cache_asked[2].read && !gateway_->cache_asked[2].age_max);
}

TEST_F(server_cache, several_choices_are_never_kept_ones) {
  serve();
  finds("Hello");
  gateway_->play({domain::text_delta{"Hi"}, domain::turn_finished{}});
  auto body = chat(false);
  body.insert(1, R"("n":2,)");
  auto client = connect();
  client.send(post(body));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.field("x-ccapi-cache"), "bypass");
  EXPECT_EQ(gateway_->requests.size(), 2U);
}

} // namespace
} // namespace ccapi::http::test
