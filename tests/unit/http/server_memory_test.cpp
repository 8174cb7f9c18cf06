#include "failing_memory.hpp"
#include "gzipped.hpp"
#include "server_fixture.hpp"
#include "test_certificate.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <vector>

// Every allocation that can fail fails once: nobody waits for ever, and the server goes on.

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

class server_memory : public server_fixture, public testing::WithParamInterface<bool> {
protected:
  void SetUp() override {
    if (GetParam())
      tls_ = make_certificate(directory(), "server");
  }
  [[nodiscard]] std::unique_ptr<raw_client> client_here() const {
    auto client = std::make_unique<raw_client>(port_);
    if (GetParam()) {
      EXPECT_TRUE(client->start_tls());
    }
    return client;
  }
  /// On the server's thread; returns when it has run.
  template <class Action>
  void on_loop(Action action) {
    std::promise<void> done;
    boost::asio::post(loop_, [&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
};

INSTANTIATE_TEST_SUITE_P(transports, server_memory, testing::Values(false, true),
                         [](const auto& each) { return each.param ? "tls" : "tcp"; });

TEST_P(server_memory, that_fails_anywhere_leaves_nobody_waiting) {
  serve();
  const auto request = post(gzipped(std::string(256 << 10, ' ')), "Content-Encoding: gzip\r\n");
  bool failed = true;
  long answered = 0;
  std::vector<std::unique_ptr<raw_client>> ending;
  for (long round = 0; failed; ++round) {
    ASSERT_LT(round, 5'000);
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(client_here());
      clients.back()->send(get("/livez"));
      ASSERT_EQ(clients.back()->read_answer().status, 200u);
    }
    on_loop([round] { fail_allocation_after(round); });
    for (const auto& client : clients)
      client->send(request);
    const auto started = std::chrono::steady_clock::now();
    for (auto& client : clients) {
      const auto answer = client->read_answer();
      if (answer.status == 400u) // there is no JSON in it
        ++answered;
      else
        ending.push_back(std::move(client));
    }
    ASSERT_LT(std::chrono::steady_clock::now() - started, 8s) << "in round " << round;
    on_loop([&failed] { failed = stop_failing(); });
    if (!failed) {
      EXPECT_GE(answered, 3 * round);
    }
  }
  // Nobody but the server ends these.
  for (const auto& client : ending)
    ASSERT_TRUE(client->ends());
  wait_until_empty();
}

} // namespace
} // namespace ccapi::http::test
