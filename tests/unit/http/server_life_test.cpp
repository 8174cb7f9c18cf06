#include "server_fixture.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <future>
#include <sys/resource.h>
#include <unistd.h>

// Routes, limits, deadlines and the end of the server, over real sockets.

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

class server_life : public server_fixture {
protected:
  static domain::health degraded() {
    domain::health health;
    health.state = domain::health_state::degraded;
    health.reason = "No CLI.";
    return health;
  }
};

TEST_F(server_life, answers_every_route_on_one_connection) {
  serve();
  auto client = connect();
  const auto ask = [&](const std::string& request, bool head_only = false) {
    client.send(request);
    return client.read_answer(head_only);
  };
  auto answer = ask(get("/health"));
  EXPECT_EQ(answer.body, "OK");
  EXPECT_EQ(answer.field("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.field("openai-version"), "2020-10-01");
  answer = ask(get("/health?verbose"));
  EXPECT_NE(answer.body.find(R"("version":"1.2.3")"), std::string::npos);
  answer = ask(get("/v1/health", "Accept: application/json\r\n"));
  EXPECT_NE(answer.body.find(R"("status":"ok")"), std::string::npos);
  answer = ask(get("/v1/models"));
  EXPECT_NE(answer.body.find(R"("id":"sonnet[1m]")"), std::string::npos);
  const auto length = answer.field("content-length");
  answer = ask("HEAD" + get("/v1/models").substr(3), true);
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.field("content-length"), length);
  answer = ask(get("/v1/v1/models/sonnet%5B1m%5D/"));
  EXPECT_EQ(answer.status, 200u);
  answer = ask(get("/v1/models/llama"));
  EXPECT_EQ(answer.status, 404u);
  EXPECT_NE(answer.body.find("model_not_found"), std::string::npos);
  answer = ask(get("/stats"));
  EXPECT_NE(answer.body.find(R"("submitted":7)"), std::string::npos);
  answer = ask(get("/nowhere"));
  EXPECT_EQ(answer.status, 404u);
  EXPECT_NE(answer.body.find("unknown_url"), std::string::npos);
  answer = ask(get("/v1/chat/completions"));
  EXPECT_EQ(answer.status, 405u);
  EXPECT_EQ(answer.field("allow"), "POST, OPTIONS");
  answer = ask("DELETE" + get("/v1/models").substr(3));
  EXPECT_EQ(answer.status, 405u);
  EXPECT_EQ(answer.field("allow"), "GET, HEAD, OPTIONS");
  answer = ask(get("/health", "Connection: close\r\n"));
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(client.ends());
}

TEST_F(server_life, counts_its_answers_by_their_status) {
  serve();
  gateway_->play({domain::answer_started{"opus"}, domain::turn_finished{}});
  auto client = connect();
  const auto status_of = [&](const std::string& request) {
    client.send(request);
    return client.read_answer().status;
  };
  EXPECT_EQ(status_of(get("/health")), 200u);
  EXPECT_EQ(status_of(post(chat(false))), 200u);
  EXPECT_EQ(status_of(post(chat(true))), 200u);
  EXPECT_EQ(status_of(get("/nowhere")), 404u);
  client.send(get("/stats"));
  EXPECT_NE(client.read_answer().body.find(R"("answers":{"2xx":3,"3xx":0,"4xx":1,"5xx":0})"),
            std::string::npos);
}

TEST_F(server_life, degraded_health_is_still_reachable) {
  serve();
  gateway_->set_health(degraded());
  auto client = connect();
  client.send(get("/health"));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, "degraded");
}

TEST_F(server_life, spreads_connections_over_its_workers) {
  boost::asio::io_context second{1};
  fake_gateway second_gateway{second, 1000};
  gateway_ = std::make_unique<fake_gateway>(loop_, 1000);
  server_ =
    std::make_unique<server>(std::vector{worker{loop_, *gateway_}, worker{second, second_gateway}},
                             dialects_, settings(), "1.2.3", observe::logger{});
  const auto addresses = server_->open();
  ASSERT_TRUE(addresses);
  port_ = static_cast<std::uint16_t>(std::stoul(addresses->front().substr(10)));
  server_->start();
  busy_.emplace(loop_.get_executor());
  auto second_busy = std::optional{boost::asio::make_work_guard(second)};
  thread_ = std::thread{[this] { loop_.run(); }};
  std::thread second_thread{[&] { second.run(); }};
  second_gateway.set_health(degraded());
  std::map<std::string, int> answers;
  {
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(std::make_unique<raw_client>(port_));
      clients.back()->send(get("/health"));
      ++answers[clients.back()->read_answer().body];
    }
  }
  EXPECT_EQ(answers["OK"], 2);
  EXPECT_EQ(answers["degraded"], 2);
  server_->close_all();
  server_->when_empty([&] {
    busy_.reset();
    second_busy.reset();
  });
  thread_.join();
  second_thread.join();
}

TEST_F(server_life, notices_that_its_port_is_taken) {
  serve();
  auto taken = settings();
  taken.server.port = port_;
  server other{std::vector{worker{loop_, *gateway_}}, dialects_, taken, "1", observe::logger{}};
  const auto opened = other.open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find(host()), std::string::npos);
  EXPECT_NE(opened.error().message.find("--port"), std::string::npos);
}

TEST_F(server_life, refuses_to_listen_for_everybody) {
  settings_.host = "0.0.0.0";
  boost::asio::io_context loop;
  fake_gateway gateway{loop, 1};
  server open_to_all{std::vector{worker{loop, gateway}}, dialects_, settings(), "1",
                     observe::logger{}};
  EXPECT_FALSE(open_to_all.open());
}

TEST_F(server_life, refuses_bodies_beyond_the_limit) {
  limits_.body_bytes_max = 1000;
  serve();
  auto declared = connect();
  declared.send(post(std::string(1001, ' ')));
  auto answer = declared.read_answer();
  EXPECT_EQ(answer.status, 413u);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_EQ(declared.read_to_end(), "");

  auto chunked = connect();
  chunked.send("POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
               + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int chunk = 0; chunk < 11; ++chunk)
    chunked.send("64\r\n" + std::string(100, ' ') + "\r\n");
  EXPECT_EQ(chunked.read_answer().status, 413u);
}

TEST_F(server_life, reads_a_body_as_large_as_the_limit) {
  limits_.body_bytes_max = 3 << 20;
  serve();
  gateway_->play({domain::turn_finished{}});
  auto body = chat(false);
  body.insert(1, std::string(limits_.body_bytes_max - body.size(), ' '));
  auto client = connect();
  client.send(post(body));
  EXPECT_EQ(client.read_answer().status, 200u);
}

TEST_F(server_life, discards_only_so_much_behind_a_refusal) {
  limits_.body_bytes_max = 64 << 10;
  serve();
  auto client = connect();
  client.send("BREW / HTTP/1.1\r\n\r\n");
  for (int piece = 0; piece < 64; ++piece)
    client.send(std::string(64 << 10, 'x'));
  const auto answer = client.read_answer(); // may be lost to the RST that such a client earns
  EXPECT_TRUE(answer.status == 501 || answer.status == 0);
  wait_until_empty();
}

TEST_F(server_life, gives_up_on_a_head_that_does_not_end) {
  limits_.header_timeout = 50ms;
  serve();
  auto client = connect();
  client.send("GET /health HTTP/1.1\r\nHost: x");
  EXPECT_EQ(client.read_answer().status, 408u);
  EXPECT_TRUE(client.ends());
  auto silent = connect();
  EXPECT_TRUE(silent.ends());
}

TEST_F(server_life, a_head_that_trickles_gets_no_more_time) {
  limits_.header_timeout = 100ms;
  serve();
  auto client = connect();
  client.send("GET / HTTP/1.1\r\n");
  const auto started = std::chrono::steady_clock::now();
  while (!client.readable_within(10))
    client.send("X: y\r\n");
  EXPECT_LT(std::chrono::steady_clock::now() - started, 2s);
  EXPECT_EQ(client.read_answer().status, 408u);
}

TEST_F(server_life, gives_up_on_a_body_that_stops_or_trickles) {
  limits_.body_idle_timeout = 100ms;
  limits_.body_rate_min = 1 << 20;
  serve();
  const auto head = "POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
                    + "\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{";
  auto stopped = connect();
  stopped.send(head);
  EXPECT_EQ(stopped.read_answer().status, 408u);
  auto trickling = connect();
  trickling.send(head);
  const auto started = std::chrono::steady_clock::now();
  while (!trickling.readable_within(10))
    trickling.send(" ");
  EXPECT_LT(std::chrono::steady_clock::now() - started, 2s);
  EXPECT_EQ(trickling.read_answer().status, 408u);
}

TEST_F(server_life, closes_idle_connections_quietly) {
  limits_.keep_alive_timeout = 50ms;
  serve();
  auto client = connect();
  client.send(get("/health"));
  EXPECT_EQ(client.read_answer().status, 200u);
  EXPECT_TRUE(client.ends());
}

TEST_F(server_life, ends_a_connection_after_so_many_requests) {
  limits_.requests_per_connection_max = 2;
  serve();
  auto client = connect();
  client.send(get("/health") + get("/health") + get("/health"));
  EXPECT_EQ(client.read_answer().field("connection"), "");
  EXPECT_EQ(client.read_answer().field("connection"), "close");
  EXPECT_TRUE(client.ends());
}

TEST_F(server_life, limits_the_number_of_connections) {
  limits_.connections_max = 1;
  serve();
  {
    auto first = connect();
    first.send(get("/health"));
    EXPECT_EQ(first.read_answer().status, 200u);
    auto second = connect();
    const auto answer = second.read_answer();
    EXPECT_EQ(answer.status, 503u);
    EXPECT_EQ(answer.body.size(), std::stoul(answer.field("content-length")));
    EXPECT_TRUE(answer.body.ends_with("}}"));
  }
  wait_until_empty();
  auto third = connect();
  third.send(get("/health"));
  EXPECT_EQ(third.read_answer().status, 200u);
}

TEST_F(server_life, outlives_a_lack_of_descriptors) {
  serve();
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int next = ::dup(STDERR_FILENO);
  ASSERT_GE(next, 0);
  ::close(next);
  auto tight = usual;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  auto client = connect(); // takes the last one
  client.send(get("/health"));
  EXPECT_FALSE(client.readable_within(50));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_EQ(client.read_answer().status, 200u);
}

TEST_F(server_life, drains_what_is_in_work_and_refuses_the_rest) {
  serve();
  auto idle = connect();
  idle.send(get("/health"));
  EXPECT_EQ(idle.read_answer().status, 200u);
  auto half = connect();
  half.send(get("/v1/models").substr(0, 10));
  auto probe = connect();
  probe.send(get("/health").substr(0, 10));
  auto scrape = connect();
  scrape.send(get("/metrics").substr(0, 10));
  auto working = connect();
  working.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  server_->stop_accepting();
  std::promise<void> emptied;
  server_->when_empty([&] { emptied.set_value(); });

  EXPECT_TRUE(idle.ends());
  half.send(get("/v1/models").substr(10));
  const auto refused = half.read_answer();
  EXPECT_EQ(refused.status, 503u);
  EXPECT_EQ(refused.field("connection"), "close");
  EXPECT_EQ(refused.field("x-should-retry"), "true");
  EXPECT_NE(refused.body.find("draining"), std::string::npos);
  probe.send(get("/health").substr(10));
  const auto health = probe.read_answer();
  EXPECT_EQ(health.status, 503u);
  EXPECT_EQ(health.body, "draining");
  scrape.send(get("/metrics").substr(10));
  EXPECT_NE(scrape.read_answer().body.find("ccapi_health{state=\"draining\"} 1\n"),
            std::string::npos);
  EXPECT_THROW(connect(), std::runtime_error);

  gateway_->send(1, {domain::text_delta{"done"}, domain::turn_finished{}});
  EXPECT_TRUE(working.read_answer().body.ends_with("data: [DONE]\n\n"));
  EXPECT_TRUE(working.ends());
  EXPECT_EQ(emptied.get_future().wait_for(10s), std::future_status::ready);
}

TEST_F(server_life, request_that_arrived_before_the_drain_but_was_not_read_is_refused) {
  serve();
  auto client = connect();
  client.send(get("/health"));
  EXPECT_EQ(client.read_answer().status, 200u);
  // The loop stands still twice: so that the drain is on its way, then so that the request is.
  std::array<std::promise<void>, 2> stands;
  std::array<std::promise<void>, 2> go_on;
  const auto stand_still = [&](std::size_t which) {
    boost::asio::post(loop_, [&, which] {
      stands[which].set_value();
      go_on[which].get_future().wait();
    });
  };
  stand_still(0);
  stands[0].get_future().wait();
  server_->stop_accepting();
  stand_still(1);
  go_on[0].set_value();
  stands[1].get_future().wait();
  client.send(get("/v1/models"));
  go_on[1].set_value();
  const auto refused = client.read_answer();
  EXPECT_EQ(refused.status, 503u);
  EXPECT_EQ(refused.field("connection"), "close");
}

TEST_F(server_life, closing_all_cancels_turns_in_work) {
  serve();
  auto client = connect();
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  server_->close_all();
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  EXPECT_TRUE(client.ends());
}

} // namespace
} // namespace ccapi::http::test
