#include "server_fixture.hpp"

#include <csignal>
#include <cstdlib>
#include <future>

namespace ccapi::http::test {

config::settings server_fixture::settings() const {
  auto all = settings_of_keys_;
  all.server = settings_;
  all.limits = limits_;
  all.idempotency = idempotency_;
  all.tls = tls_;
  all.models.default_model = "sonnet";
  all.models.aliases = {{"gpt-*", "default"}};
  all.models.list = {"opus", "sonnet[1m]"};
  all.models.echo_requested = echo_requested_model_;
  return all;
}

void server_fixture::serve() {
  gateway_ = std::make_unique<fake_gateway>(loop_, limits_.stream_buffer_bytes);
  server_ = std::make_unique<server>(std::vector{worker{loop_, *gateway_}}, dialects_, settings(),
                                     "1.2.3", observe::logger{});
  std::signal(SIGPIPE, SIG_IGN); // as the program does
  const auto addresses = server_->open();
  ASSERT_TRUE(addresses) << addresses.error().message;
  const auto& address = addresses->front();
  if (settings_.tcp)
    port_ = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  server_->start();
  busy_.emplace(loop_.get_executor());
  thread_ = std::thread{[this] { loop_.run(); }};
}

std::filesystem::path server_fixture::directory() {
  if (directory_.empty()) {
    auto name = (std::filesystem::temp_directory_path() / "ccapi-http-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  return directory_;
}

void server_fixture::TearDown() {
  stop();
  if (!directory_.empty())
    std::filesystem::remove_all(directory_);
}

void server_fixture::stop() {
  if (!thread_.joinable())
    return;
  server_->close_all();
  server_->when_empty([this] { busy_.reset(); });
  thread_.join();
  loop_.restart();
  EXPECT_EQ(server_->connection_count(), 0u);
}

void server_fixture::wait_until_empty() {
  auto emptied = std::make_shared<std::promise<void>>();
  server_->when_empty([emptied] { emptied->set_value(); });
  EXPECT_EQ(emptied->get_future().wait_for(std::chrono::seconds{10}), std::future_status::ready);
}

std::string server_fixture::get(std::string_view path, std::string_view fields) const {
  return "GET " + std::string{path} + " HTTP/1.1\r\nHost: " + host() + "\r\n" + std::string{fields}
         + "\r\n";
}

std::string server_fixture::post(std::string_view body, std::string_view fields) const {
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
         + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
         + "\r\n" + std::string{fields} + "\r\n" + std::string{body};
}

std::string server_fixture::chat(bool stream) {
  return std::string{R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}])"}
         + (stream ? R"(,"stream":true})" : "}");
}

} // namespace ccapi::http::test
