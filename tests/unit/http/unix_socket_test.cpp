#include "http/wire/unix_socket.hpp"
#include "server_fixture.hpp"

#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// The file of the Unix socket, and which Host it takes.

namespace ccapi::http::test {
namespace {

class server_unix_socket : public server_fixture {
protected:
  void SetUp() override {
    path_ = (directory() / "gateway.sock").string();
    settings_.unix_socket = path_;
  }

  /// A further server on the same path: what its start says.
  domain::result<std::vector<std::string>> start_another() {
    server other{{worker{loop_, other_gateway_}}, dialects_, settings(), "1", {}};
    return other.open();
  }

  std::string path_;
  fake_gateway other_gateway_{loop_, 1};
};

TEST_F(server_unix_socket, is_for_its_owner_and_goes_with_the_server) {
  serve();
  struct stat found {};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  auto local = raw_client{path_};
  local.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(local.read_answer().body, "OK");
  auto remote = connect();
  remote.send(get("/health"));
  EXPECT_EQ(remote.read_answer().body, "OK") << "TCP goes on beside it";
  server_->stop_accepting();
  wait_until_empty();
  EXPECT_NE(::stat(path_.c_str(), &found), 0);
}

TEST_F(server_unix_socket, takes_localhost_on_any_port_and_no_foreign_name) {
  serve();
  const auto status_for = [&](const std::string& name) {
    raw_client client{path_};
    client.send("GET /health HTTP/1.1\r\nHost: " + name + "\r\n\r\n");
    return client.read_answer().status;
  };
  for (const auto* good : {"localhost", "LocalHost", "localhost:8080", "localhost:1"})
    EXPECT_EQ(status_for(good), 200u) << good;
  EXPECT_EQ(status_for(host()), 200u);
  for (const auto* bad : {"attacker.test", "localhost.attacker.test", "localhost:x", "127.0.0.1"})
    EXPECT_EQ(status_for(bad), 421u) << bad;
  auto over_tcp = connect();
  over_tcp.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(over_tcp.read_answer().status, 421u) << "over TCP the port belongs to it";
}

TEST_F(server_unix_socket, of_a_dead_server_is_replaced) {
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path_.copy(name.sun_path, path_.size());
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  ::listen(dead, 1);
  ::close(dead); // the file stays
  serve();
  raw_client client{path_};
  client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "OK");
}

TEST_F(server_unix_socket, of_a_live_server_is_left_alone) {
  serve();
  const auto second = start_another();
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another server"), std::string::npos);
  raw_client client{path_};
  client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "OK");
}

TEST_F(server_unix_socket, never_replaces_other_files) {
  std::ofstream{path_} << "precious";
  const auto outcome = start_another();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, domain::error_code::invalid_request);
  std::string kept;
  std::ifstream{path_} >> kept;
  EXPECT_EQ(kept, "precious");
  settings_.unix_socket = (directory() / std::string(120, 'x')).string();
  EXPECT_NE(start_another().error().message.find("longer"), std::string::npos);
  settings_.unix_socket = (directory() / "missing" / "x.sock").string();
  EXPECT_FALSE(start_another());
}

TEST_F(server_unix_socket, removes_only_its_own_file) {
  serve();
  ::unlink(path_.c_str());
  std::ofstream{path_} << "another's";
  server_->stop_accepting();
  wait_until_empty();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(server_unix_socket, is_exempt_from_the_limit_per_address_but_counts_in_all) {
  limits_.connections_per_address_max = 1;
  limits_.connections_max = 2;
  serve();
  raw_client first{path_};
  raw_client second{path_};
  for (auto* client : {&first, &second}) {
    client->send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client->read_answer().body, "OK");
  }
  EXPECT_EQ(raw_client{path_}.read_answer().status, 503u);
}

TEST_F(server_unix_socket, without_tcp_needs_a_path) {
  settings_.tcp = false;
  settings_.host = "0.0.0.0"; // is not listened on, so it harms nobody
  serve();
  raw_client client{path_};
  client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "OK");
  settings_.unix_socket.clear();
  const auto nothing = start_another();
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().param, "server.tcp");
}

} // namespace
} // namespace ccapi::http::test
