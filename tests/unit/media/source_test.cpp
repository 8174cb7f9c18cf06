// What names of pictures stand for, and what may be loaded.

#include "media/address.hpp"
#include "media/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ccapi::media {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;

// -- names ----------------------------------------------------------------------------------------

web_source web(std::string_view name) {
  const auto found = source_of(name);
  if (!found || !std::holds_alternative<web_source>(*found))
    return {};
  return std::get<web_source>(*found);
}

std::string path(std::string_view name) {
  const auto found = source_of(name);
  if (!found || !std::holds_alternative<file_source>(*found))
    return {};
  return std::get<file_source>(*found).path;
}

TEST(source, of_a_url_is_its_host_and_port) {
  EXPECT_EQ(web("https://example.org/a.png?x=1#y"),
            (web_source{"https://example.org/a.png?x=1", "example.org", 443}));
  EXPECT_EQ(web("HTTP://EXAMPLE.org:8080/a"),
            (web_source{"http://EXAMPLE.org:8080/a", "example.org", 8080}));
  EXPECT_EQ(web("http://[2001:DB8::1]/a").host, "2001:db8::1");
}

TEST(source, of_a_path_is_the_file) {
  EXPECT_EQ(path("/a/b c.png"), "/a/b c.png");
  EXPECT_EQ(path("file:///a/b%20c.png"), "/a/b c.png");
  EXPECT_EQ(path("FILE://LOCALHOST/a.png"), "/a.png");
  EXPECT_EQ(path("file:/a.png"), "/a.png");
  EXPECT_EQ(path("/a/..b/c..png"), "/a/..b/c..png");
}

TEST(source, is_nothing_else) {
  for (const auto name : {""sv,
                          "a.png"sv,
                          "./a.png"sv,
                          "../a.png"sv,
                          "~/a.png"sv,
                          "C:\\a.png"sv,
                          "\\\\host\\a.png"sv,
                          "ftp://example.org/a.png"sv,
                          "gopher://example.org/"sv,
                          "dict://example.org/"sv,
                          "javascript:1"sv,
                          "about:blank"sv,
                          "blob:x"sv,
                          "unix:/run/x"sv,
                          "//example.org/a.png"sv,
                          "http:example.org"sv,
                          "http:/example.org"sv,
                          "https//example.org"sv,
                          " http://example.org"sv,
                          "http://user@example.org/"sv,
                          "http://user:secret@example.org/"sv,
                          "http://@example.org/"sv,
                          "http://example.org:99999/"sv,
                          "http://example.org:x/"sv,
                          "http://"sv,
                          "http://exa mple.org/"sv,
                          "http://example.org/a b"sv,
                          "http://example.org/\n"sv,
                          "http://ex\xc3\xa4mple.org/"sv,
                          "http://example.org\\@127.0.0.1/"sv,
                          "http://[::1/"sv,
                          "/"sv,
                          "/."sv,
                          "/.."sv,
                          "/a/"sv,
                          "/a//b"sv,
                          "/a/./b"sv,
                          "/a/../b"sv,
                          "/a/.."sv,
                          "/a\0b"sv,
                          "file:"sv,
                          "file://"sv,
                          "file://host/a"sv,
                          "file:a.png"sv,
                          "file:///a/%2e%2e/b"sv,
                          "file:///a%00b"sv,
                          "file:///a%2"sv,
                          "file:///a%zz"sv,
                          "file:///a?b"sv,
                          "file:///a#b"sv,
                          "file:////a"sv,
                          "file://localhost"sv,
                          "file://localhosta/b"sv})
    EXPECT_FALSE(source_of(name)) << name;
  EXPECT_FALSE(source_of("https://example.org/" + std::string(9000, 'a')));
}

// -- who may have them ----------------------------------------------------------------------------

std::string problem(std::string_view name, const source_rules& rules) {
  const auto found = source_of(name);
  if (!found)
    return "no source";
  const auto allowed = check_allowed(*found, rules);
  return allowed ? std::string{} : allowed.error().message;
}

TEST(source, is_not_allowed_unless_said_so) {
  EXPECT_THAT(problem("https://example.org/a", {}), HasSubstr("images.allowed_hosts"));
  EXPECT_THAT(problem("/a.png", {}), HasSubstr("file_access.additional_dirs"));
}

TEST(source, of_a_host_is_allowed_by_name_and_port) {
  const source_rules named{.allowed_hosts = {"Example.org", "other.org:8080", "[2001:db8::1]"}};
  for (const auto name : {"https://example.org/", "http://EXAMPLE.ORG/", "http://other.org:8080/",
                          "http://example.org:443/", "http://[2001:db8::1]/"})
    EXPECT_EQ(problem(name, named), "") << name;
  for (const auto name :
       {"https://example.org.evil.net/", "https://evilexample.org/", "https://www.example.org/",
        "https://example.org./", "http://example.org:8080/", "http://other.org/",
        "http://other.org:80801/", "https://[2001:db8::2]/"})
    EXPECT_NE(problem(name, named), "") << name;
  const source_rules any{.allowed_hosts = {"*", "other.org:8080"}};
  EXPECT_EQ(problem("https://example.org/", any), "");
  EXPECT_EQ(problem("https://other.org:8080/", any), "");
  EXPECT_THAT(problem("https://example.org:22/", any), HasSubstr("ports 80 and 443"));
}

TEST(source, of_a_private_host_is_allowed_where_it_is_named) {
  const source_rules rules{.allowed_hosts = {"*"}, .private_hosts = {"pictures:9000"}};
  EXPECT_EQ(problem("http://pictures:9000/a", rules), "");
  EXPECT_TRUE(may_be_private(web("http://pictures:9000/a"), rules));
  EXPECT_FALSE(may_be_private(web("http://pictures/a"), rules));
}

TEST(source, of_a_file_is_allowed_within_directories) {
  const source_rules rules{.directories = {"/srv/pictures", "/home/a/"}};
  EXPECT_EQ(problem("/srv/pictures/a.png", rules), "");
  EXPECT_EQ(problem("/home/a/b/c.png", rules), "");
  for (const auto name :
       {"/srv/pictures", "/srv/pictures2/a.png", "/srv/a.png", "/home/a", "/etc/passwd"})
    EXPECT_NE(problem(name, rules), "") << name;
  EXPECT_EQ(problem("/etc/passwd", {.directories = {"/"}}), "");
}

// -- addresses ------------------------------------------------------------------------------------

TEST(address, is_public_or_not) {
  namespace ip = boost::asio::ip;
  for (const auto text : {"8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.0",
                          "172.15.255.255", "172.32.0.0", "192.167.1.1", "198.17.0.1", "198.20.0.1",
                          "223.255.255.255", "2606:4700::1", "2a00:1450::1", "64:ff9b::808:808",
                          "2002:808:808::1", "2001:200::1", "2001:4860:4860::8888"})
    EXPECT_TRUE(is_public(ip::make_address(text))) << text;
  for (const auto text : {"0.0.0.0",
                          "0.1.2.3",
                          "10.0.0.1",
                          "10.255.255.255",
                          "100.64.0.1",
                          "100.127.255.255",
                          "127.0.0.1",
                          "127.255.255.254",
                          "169.254.169.254",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.0.0.1",
                          "192.0.2.1",
                          "192.88.99.1",
                          "192.168.0.1",
                          "198.18.0.1",
                          "198.19.255.255",
                          "198.51.100.1",
                          "203.0.113.1",
                          "224.0.0.1",
                          "239.255.255.255",
                          "240.0.0.1",
                          "255.255.255.255",
                          "::",
                          "::1",
                          "::7f00:1",
                          "::ffff:127.0.0.1",
                          "::ffff:8.8.8.8",
                          "64:ff9b::7f00:1",
                          "64:ff9b::a9fe:a9fe",
                          "64:ff9b:1::1",
                          "100::1",
                          "2001::1",
                          "2001:10::1",
                          "2001:20::1",
                          "2001:db8::1",
                          "2002:7f00:1::1",
                          "2002:a00:1::",
                          "2002:c0a8:1::1",
                          "3fff::1",
                          "fc00::1",
                          "fd12:3456::1",
                          "fe80::1",
                          "fec0::1",
                          "ff02::1",
                          "5f00::1"})
    EXPECT_FALSE(is_public(ip::make_address(text))) << text;
}

} // namespace
} // namespace ccapi::media
