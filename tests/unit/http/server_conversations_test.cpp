// /v1/conversations and the small routes over a real socket.

#include "server_fixture.hpp"

namespace ccapi::http::test {
namespace {

class server_conversations : public server_fixture {
protected:
  [[nodiscard]] std::string line(std::string_view start, std::string_view fields = "",
                                 std::string_view body = "") const {
    return std::string{start} + " HTTP/1.1\r\nHost: " + host() + "\r\n" + std::string{fields}
           + "\r\n" + std::string{body};
  }
  [[nodiscard]] std::string create(std::string_view body) const {
    return line("POST /v1/conversations",
                "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
                  + "\r\n",
                body);
  }
};

TEST_F(server_conversations, are_made_with_and_without_a_body) {
  serve();
  auto client = connect();
  for (const auto& request :
       {line("POST /v1/conversations"), line("POST /v1/conversations", "Content-Length: 0\r\n"),
        create("{}"), create("")}) {
    client.send(request);
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200u) << request;
    EXPECT_NE(answer.body.find(R"("object":"conversation")"), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find(R"("model":null)"), std::string::npos);
  }
  client.send(create(R"({"model":"gpt-4o","metadata":{"topic":"dinner"}})"));
  const auto answer = client.read_answer();
  EXPECT_NE(answer.body.find(R"("model":"sonnet")"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find(R"("topic":"dinner")"), std::string::npos);
  EXPECT_EQ(gateway_->conversations.size(), 5u);
}

TEST_F(server_conversations, say_which_field_is_wrong) {
  serve();
  auto client = connect();
  const std::pair<const char*, const char*> cases[] = {
    {R"({"project_path":"/home/me"})", R"("param":"project_path")"},
    {R"({"project_path":7})", R"("param":"project_path")"},
    {R"({"model":7})", R"("param":"model")"},
    {R"({"metadata":{"model":"x"}})", R"("param":"metadata")"},
    {R"([])", R"("type":"invalid_request_error")"}};
  for (const auto& [body, expected] : cases) {
    client.send(create(body));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 400u) << body;
    EXPECT_NE(answer.body.find(expected), std::string::npos) << answer.body;
  }
  client.send(create(R"({"model":"llama"})"));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 404u);
  EXPECT_NE(answer.body.find("model_not_found"), std::string::npos);
  EXPECT_TRUE(gateway_->conversations.empty());
}

TEST_F(server_conversations, are_listed_shown_and_deleted) {
  serve();
  auto client = connect();
  client.send(create("{}"));
  client.read_answer();
  client.send(create("{}"));
  client.read_answer();
  client.send(get("/v1/conversations?limit=1"));
  EXPECT_NE(client.read_answer().body.find(R"("has_more":true)"), std::string::npos);
  client.send(get("/v1/conversations?limit=0"));
  EXPECT_EQ(client.read_answer().status, 400u);
  client.send(get("/v1/conversations/conv_0"));
  EXPECT_EQ(client.read_answer().status, 200u);
  client.send(line("DELETE /v1/conversations/conv_0"));
  EXPECT_EQ(client.read_answer().body,
            R"({"id":"conv_0","object":"conversation.deleted","deleted":true})");
  for (const auto* verb : {"GET", "DELETE"}) {
    client.send(line(std::string{verb} + " /v1/conversations/conv_0"));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 404u);
    EXPECT_NE(answer.body.find(R"("message":"Conversation not found","type":"not_found_error")"),
              std::string::npos)
      << answer.body;
  }
}

TEST_F(server_conversations, options_names_the_methods_and_keeps_the_connection) {
  serve();
  auto client = connect();
  for (int round = 0; round < 2; ++round) {
    client.send(line("OPTIONS /v1/conversations/c"));
    const auto answer = client.read_answer(true);
    EXPECT_EQ(answer.status, 204u);
    EXPECT_EQ(answer.field("allow"), "GET, HEAD, POST, DELETE, OPTIONS");
    EXPECT_EQ(answer.field("content-length"), "");
    EXPECT_EQ(answer.field("content-type"), "");
  }
  client.send(line("DELETE /v1/conversations"));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 405u);
  EXPECT_EQ(answer.field("allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(server_conversations, refuse_a_body_where_none_belongs) {
  serve();
  for (const auto* verb : {"GET", "HEAD", "DELETE", "OPTIONS"}) {
    auto client = connect();
    client.send(line(std::string{verb} + " /v1/conversations/c",
                     "Content-Type: application/json\r\nContent-Length: 2\r\n", "{}"));
    EXPECT_EQ(client.read_to_end().substr(0, 12), "HTTP/1.1 400") << verb;
  }
}

TEST_F(server_conversations, small_routes_answer) {
  serve();
  auto client = connect();
  for (const auto* path : {"/livez", "/readyz", "/healthz", "/v1/healthz/"}) {
    client.send(get(path));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200u) << path;
    EXPECT_EQ(answer.body, "OK") << path;
  }
  for (const auto* path : {"/", "/v1", "/v1/"}) {
    client.send(get(path));
    const auto answer = client.read_answer();
    EXPECT_NE(answer.body.find(R"("name":"claude-code-api","version":"1.2.3")"), std::string::npos);
    EXPECT_NE(answer.body.find(R"("DELETE /conversations/{id}")"), std::string::npos);
  }
  client.send(get("/openapi.json"));
  EXPECT_NE(client.read_answer().body.find(R"("version": "1.2.3")"), std::string::npos);
}

TEST_F(server_conversations, a_degraded_gateway_is_ready_a_draining_one_is_not) {
  serve();
  auto client = connect();
  gateway_->set_health({domain::health_state::degraded, "no CLI", "", ""});
  client.send(get("/readyz"));
  EXPECT_EQ(client.read_answer().status, 200u);
  gateway_->set_health({domain::health_state::draining, "", "", ""});
  client.send(get("/readyz"));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(answer.body, "draining");
  client.send(get("/livez"));
  EXPECT_EQ(client.read_answer().status, 200u);
}

} // namespace
} // namespace ccapi::http::test
