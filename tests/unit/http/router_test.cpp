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
}

TEST(router, does_not_guess) {
  for (const auto* path : {"/", "", "/v1", "/v1/", "//health", "/health//", "/Health", "/v2/health",
                           "/v1/v1/v1/health", "/v1health", "*", "/models/"}) {
    const auto route = find_route(method::get, path);
    if (std::string_view{path} == "/models/")
      EXPECT_EQ(pattern_of(method::get, path), "/models");
    else
      EXPECT_EQ(route.found, nullptr) << path;
    EXPECT_TRUE(route.allow.empty()) << path;
  }
}

TEST(router, tells_which_methods_a_path_takes) {
  EXPECT_EQ(find_route(method::get, "/v1/chat/completions").allow, "POST");
  EXPECT_EQ(find_route(method::post, "/v1/models").allow, "GET, HEAD");
  EXPECT_EQ(find_route(method::other, "/v1/models/sonnet").allow, "GET, HEAD");
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
