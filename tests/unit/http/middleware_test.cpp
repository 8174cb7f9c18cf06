#include "http/access/middleware.hpp"

#include <gtest/gtest.h>

namespace ccapi::http {
namespace {

const host_allow_list local{config::server_settings{}, 8080};

head_fields fields_of_a_library() {
  head_fields fields;
  fields.host = "127.0.0.1:8080";
  fields.content_type = "application/json; charset=utf-8";
  fields.has_body = true;
  return fields;
}

unsigned status_of(method verb, const head_fields& fields,
                   const std::vector<std::string>& origins = {}) {
  const auto* problem =
    check_origin(fields, local, {.allowed_origins = origins, .allow_any = false});
  if (!problem)
    problem = check_body(verb, fields, false).problem;
  return problem ? problem->status : 0;
}

TEST(host_allow_list_test, knows_the_loopback_names_with_our_port_only) {
  for (const auto* host : {"127.0.0.1:8080", "localhost:8080", "LocalHost:8080", "[::1]:8080"})
    EXPECT_TRUE(local.allows(host)) << host;
  for (const auto* host :
       {"", "localhost", "localhost:8081", "127.0.0.1", "attacker.test:8080", "0.0.0.0:8080",
        "localhost.attacker.test:8080", "localhost:8080 ", "127.0.0.1:8080:8080", "::1:8080"})
    EXPECT_FALSE(local.allows(host)) << host;
}

TEST(host_allow_list_test, leaves_the_default_port_out) {
  const host_allow_list hosts{config::server_settings{}, 80};
  EXPECT_TRUE(hosts.allows("localhost"));
  EXPECT_TRUE(hosts.allows("localhost:80"));
}

TEST(host_allow_list_test, takes_configured_names_as_they_are_and_with_our_port) {
  config::server_settings server;
  server.host = "192.0.2.7";
  server.allowed_hosts = {"Gateway.lan", "proxy.lan:443"};
  const host_allow_list hosts{server, 9000};
  for (const auto* host : {"gateway.lan", "gateway.lan:9000", "proxy.lan:443", "192.0.2.7:9000"})
    EXPECT_TRUE(hosts.allows(host)) << host;
  EXPECT_FALSE(hosts.allows("proxy.lan"));
}

TEST(host_allow_list_test, a_wildcard_address_is_no_name) {
  config::server_settings server;
  server.host = "0.0.0.0";
  EXPECT_FALSE((host_allow_list{server, 8080}.allows("0.0.0.0:8080")));
}

TEST(middleware, a_coding_without_a_body_is_nothing_to_decode) {
  head_fields fields;
  for (const auto* value :
       {"br", "", "gzip,", "gzip, gzip, gzip, gzip, gzip", "gzip", head_fields::repeated.data()}) {
    fields.content_encoding = value;
    const auto body = check_body(method::post, fields, false);
    EXPECT_EQ(body.problem, nullptr) << value;
    EXPECT_EQ(body.coding, content_coding::identity) << value;
  }
}

TEST(middleware, lets_libraries_pass) {
  auto fields = fields_of_a_library();
  EXPECT_EQ(status_of(method::post, fields), 0u);
  fields.sec_fetch_site = "none";
  EXPECT_EQ(status_of(method::post, fields), 0u);
  fields.content_encoding = "identity";
  EXPECT_EQ(status_of(method::post, fields), 0u);
}

TEST(middleware, stops_dns_rebinding_by_its_host) {
  auto fields = fields_of_a_library();
  fields.host = "attacker.test:8080";
  fields.origin = "http://attacker.test:8080";
  EXPECT_EQ(status_of(method::post, fields), 421u);
  fields.host.reset();
  EXPECT_EQ(status_of(method::get, fields), 421u);
}

TEST(middleware, refuses_web_pages) {
  for (const auto* origin :
       {"http://attacker.test", "null", "http://localhost:8080", "(repeated)"}) {
    auto fields = fields_of_a_library();
    fields.origin = origin;
    EXPECT_EQ(status_of(method::post, fields), 403u) << origin;
    EXPECT_EQ(status_of(method::get, fields), 403u) << origin;
  }
  for (const auto* site : {"cross-site", "same-site", "", "(repeated)"}) {
    auto fields = fields_of_a_library();
    fields.sec_fetch_site = site;
    EXPECT_EQ(status_of(method::get, fields), 403u) << site;
  }
}

TEST(middleware, compares_allowed_origins_exactly) {
  auto fields = fields_of_a_library();
  fields.sec_fetch_site = "cross-site";
  fields.origin = "http://app.test";
  EXPECT_EQ(status_of(method::post, fields, {"http://app.test"}), 0u);
  fields.origin = "http://app.test.attacker.test";
  EXPECT_EQ(status_of(method::post, fields, {"http://app.test"}), 403u);
}

TEST(middleware, wants_json_in_a_coding_it_knows) {
  for (const auto* type : {"text/plain", "application/jsonp", "multipart/form-data; boundary=x",
                           "application/x-www-form-urlencoded", "", "(repeated)"}) {
    auto fields = fields_of_a_library();
    fields.content_type = type;
    EXPECT_EQ(status_of(method::post, fields), 415u) << type;
  }
  auto fields = fields_of_a_library();
  fields.content_type.reset();
  EXPECT_EQ(status_of(method::post, fields), 415u);
  EXPECT_EQ(status_of(method::get, fields), 0u);
  fields.has_body = false;
  EXPECT_EQ(status_of(method::post, fields), 0u) << "nothing to declare";
  fields = fields_of_a_library();
  fields.content_type = "Application/JSON";
  EXPECT_EQ(status_of(method::post, fields), 0u);
  fields.content_encoding = "zstd";
  EXPECT_EQ(status_of(method::post, fields), 0u);
  fields.content_encoding = "gzip, zstd";
  EXPECT_EQ(status_of(method::post, fields), 415u);
  fields.content_encoding = "br";
  EXPECT_EQ(status_of(method::post, fields), 415u);
}

TEST(host_allow_list_test, leaves_out_the_default_port_of_the_scheme) {
  config::server_settings server;
  EXPECT_TRUE((host_allow_list{server, 443, https_port}.allows("localhost")));
  EXPECT_FALSE((host_allow_list{server, 443, http_port}.allows("localhost")));
  EXPECT_FALSE((host_allow_list{server, 80, https_port}.allows("localhost")));
}

TEST(host_allow_list_test, takes_localhost_on_any_port_over_a_unix_socket) {
  const auto hosts = host_allow_list{{}, 8080}.for_unix_socket();
  for (const auto* good : {"localhost", "LOCALHOST:1", "127.0.0.1:8080"})
    EXPECT_TRUE(hosts.allows(good)) << good;
  for (const auto* bad : {"", ":", "localhost:a", "localhost.test", "attacker.test:8080"})
    EXPECT_FALSE(hosts.allows(bad)) << bad;
}

TEST(middleware, echoes_only_safe_request_ids) {
  EXPECT_EQ(request_id_for("client-id-7"), "client-id-7");
  EXPECT_EQ(request_id_for("").size(), 36u);
  EXPECT_EQ(request_id_for("a b").size(), 36u);
  EXPECT_EQ(request_id_for(std::string(129, 'a')).size(), 36u);
  EXPECT_NE(request_id_for(""), request_id_for(""));
}

} // namespace
} // namespace ccapi::http
