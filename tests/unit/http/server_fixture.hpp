#pragma once
// server_fixture: a real server on a free port, its loop on a thread, behind it a fake gateway.

#include "fake_gateway.hpp"
#include "http/listener.hpp"
#include "openai/protocol.hpp"
#include "raw_client.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace ccapi::http::test {

class server_fixture : public testing::Test {
protected:
  /// What the server gets.
  [[nodiscard]] config::settings settings() const;
  /// Starts it; settings may be changed before.
  void serve();
  /// Closes everything and joins the loop: hangs if an operation is left over. It may serve again.
  void stop();
  void TearDown() override;

  /// Fails if connections are left after ten seconds.
  void wait_until_empty();

  /// "GET path" with a good Host.
  [[nodiscard]] std::string get(std::string_view path, std::string_view fields = "") const;
  /// A POST with a good Host, type and length.
  [[nodiscard]] std::string post(std::string_view body, std::string_view fields = "") const;
  [[nodiscard]] static std::string chat(bool stream);
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] raw_client connect() const { return raw_client{port_}; }
  /// A directory that ends with the test.
  std::filesystem::path directory();

  config::server_settings settings_ = [] {
    config::server_settings server;
    server.port = 0;
    return server;
  }();
  config::tls_settings tls_;
  config::limits_settings limits_;
  config::idempotency_settings idempotency_;
  bool echo_requested_model_ = false;
  config::settings settings_of_keys_; ///< auth and cors
  dialects dialects_{.openai = &openai::protocol, .otherwise = &openai::protocol};

  boost::asio::io_context loop_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> busy_;
  std::unique_ptr<fake_gateway> gateway_;
  std::unique_ptr<server> server_;
  std::thread thread_;
  std::uint16_t port_ = 0;

private:
  std::filesystem::path directory_;
};

} // namespace ccapi::http::test
