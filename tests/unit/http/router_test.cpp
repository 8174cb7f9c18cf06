#include "http/router.hpp"

#include <gtest/gtest.h>

namespace ccapi::http {
namespace {

std::string pattern_of(method verb, std::string_view path) {
  const auto route = find_route(verb, path);
  return route.found ? std::string{route.found->pattern} : "none";
}

TEST(router, finds_each_route_however_the_base_url_was_pasted) {
  for (const auto* path : {"/chat/completions", "/v1/chat/completions", "/v1/v1/chat/completions",
                           "/v1/chat/completions/"})
    EXPECT_EQ(pattern_of(method::post, path), "/chat/completions") << path;
  EXPECT_EQ(pattern_of(method::get, "/health"), "/health");
  EXPECT_EQ(pattern_of(method::get, "/v1/stats/"), "/stats");
  EXPECT_EQ(pattern_of(method::head, "/v1/models"), "/models");
  EXPECT_EQ(pattern_of(method::get, "/v1/conversations"), "/conversations");
  EXPECT_EQ(pattern_of(method::del, "/conversations/c-1/"), "/conversations/{id}");
  for (const auto* path : {"/", "/v1", "/v1/", "/v1/v1"})
    EXPECT_EQ(pattern_of(method::get, path), "/") << path;
}

TEST(router, does_not_guess) {
  for (const auto* path : {"//health", "/health//", "/Health", "/v2/health", "/v1/v1/v1/health",
                           "/v1health", "/v1//", "*", "/models/"}) {
    const auto route = find_route(method::get, path);
    if (std::string_view{path} == "/models/")
      EXPECT_EQ(pattern_of(method::get, path), "/models");
    else
      EXPECT_EQ(route.found, nullptr) << path;
    EXPECT_TRUE(route.allow.empty()) << path;
  }
}

TEST(router, tells_which_methods_a_path_takes) {
  EXPECT_EQ(find_route(method::get, "/v1/chat/completions").allow, "POST, OPTIONS");
  EXPECT_EQ(find_route(method::post, "/v1/models").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(find_route(method::other, "/v1/models/sonnet").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(find_route(method::del, "/conversations").allow, "GET, HEAD, POST, OPTIONS");
  const auto route = find_route(method::options, "/v1/conversations/c");
  ASSERT_NE(route.found, nullptr);
  EXPECT_EQ(route.allow, "GET, HEAD, POST, DELETE, OPTIONS");
  EXPECT_EQ(find_route(method::del, "/v1/conversations").problem->status, 405u);
  EXPECT_EQ(find_route(method::options, "/nothing").found, nullptr);
}

TEST(router, names_what_is_missing) {
  const auto message = [](std::string_view path) {
    const auto route = find_route(method::post, path);
    EXPECT_EQ(route.problem->status, 404u) << path;
    EXPECT_EQ(route.problem->code, "unknown_url") << path;
    return std::string{route.problem->message};
  };
  EXPECT_NE(message("/v1/embeddings").find("Embeddings"), std::string::npos);
  EXPECT_NE(message("/images/generations/").find("images"), std::string::npos);
  EXPECT_NE(message("/v1/messages/count_tokens").find("Messages API"), std::string::npos);
  EXPECT_NE(message("/v1/conversations/c/items").find("items"), std::string::npos);
  EXPECT_EQ(message("/v1/embeddingsx"), route_not_found.message);
}

TEST(router, takes_no_more_than_one_segment_as_a_conversation_id) {
  EXPECT_EQ(find_route(method::get, "/conversations/a%2Fb").parameter, "a/b");
  EXPECT_EQ(find_route(method::get, "/conversations/a/b").found, nullptr);
}

TEST(router, decodes_model_names) {
  EXPECT_EQ(find_route(method::get, "/v1/models/sonnet%5B1m%5d").parameter, "sonnet[1m]");
  EXPECT_EQ(find_route(method::get, "/models/vendor/name").parameter, "vendor/name");
  EXPECT_EQ(find_route(method::get, "/models/a/").parameter, "a");
}

TEST(router, refuses_broken_encodings) {
  for (const auto* path : {"/models/a%", "/models/a%5", "/models/%zz", "/models/%5"})
    EXPECT_EQ(find_route(method::get, path).found, nullptr) << path;
}

} // namespace
} // namespace ccapi::http
