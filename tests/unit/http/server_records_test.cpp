// Requests with an Idempotency-Key whose answers the store keeps.

#include "keyed_fixture.hpp"

#include <deque>
#include <string>
#include <utility>

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

class server_with_records : public server_idempotency {
protected:
  using name = std::pair<std::string, std::string>; // tenant and key
  void serve_anew() {
    stop();
    auto records = gateway_ ? std::move(gateway_->records) : fake_gateway::record_map{};
    serve();
    gateway_->keep_records(std::move(records));
    gateway_->play(hello());
  }
  domain::idempotency_record& kept(const std::string& key = "k") {
    EXPECT_TRUE(gateway_->wait_until([&] { return gateway_->records.contains(name{"", key}); }));
    return gateway_->records[name{"", key}];
  }
};

TEST_F(server_with_records, the_next_gateway_gives_the_same_answer) {
  serve_anew();
  const auto whole = ask(false);
  const auto stream = ask(true, "s");
  EXPECT_EQ(whole.field("idempotent-replayed"), "");
  kept();
  kept("s");
  serve_anew();
  for (int times = 0; times < 2; ++times) {
    const auto again = ask(false);
    EXPECT_EQ(again.status, 200U);
    EXPECT_EQ(again.body, whole.body);
    EXPECT_EQ(again.field("content-type"), whole.field("content-type"));
    EXPECT_EQ(again.field("x-ccapi-conversation-id"), whole.field("x-ccapi-conversation-id"));
    EXPECT_EQ(again.field("idempotent-replayed"), "true");
    const auto streamed = ask(true, "s");
    EXPECT_EQ(streamed.body, stream.body);
    EXPECT_EQ(streamed.field("idempotent-replayed"), "true");
  }
  EXPECT_TRUE(gateway_->requests.empty());
  EXPECT_EQ(gateway_->records_asked, 2U) << "memory has them from then on";
  EXPECT_EQ(gateway_->totals().idempotent_replays, 4U);
}

TEST_F(server_with_records, many_who_come_at_once_ask_the_store_once) {
  serve_anew();
  const auto first = ask(false);
  kept();
  serve_anew();
  std::deque<raw_client> clients;
  for (int each = 0; each < 20; ++each)
    clients.emplace_back(port_);
  for (auto& each : clients)
    each.send(keyed(false));
  for (auto& each : clients)
    EXPECT_EQ(each.read_answer().body, first.body);
  EXPECT_EQ(gateway_->records_asked, 1U);
}

TEST_F(server_with_records, another_request_is_refused) {
  serve_anew();
  ask(false);
  kept();
  serve_anew();
  for (int times = 0; times < 2; ++times) {
    const auto refusal = ask(true);
    EXPECT_EQ(refusal.status, 422U);
    EXPECT_NE(refusal.body.find("idempotency_key_reused"), std::string::npos);
    EXPECT_EQ(refusal.field("idempotent-replayed"), "");
  }
  EXPECT_EQ(ask(false).field("idempotent-replayed"), "true");
  EXPECT_TRUE(gateway_->requests.empty());
}

TEST_F(server_with_records, whoever_joined_the_wrong_request_is_refused_as_well) {
  serve_anew();
  ask(false);
  kept();
  serve_anew();
  std::deque<raw_client> clients;
  for (int each = 0; each < 3; ++each)
    clients.emplace_back(port_);
  for (auto& each : clients)
    each.send(keyed(true));
  for (auto& each : clients) {
    const auto refusal = each.read_answer();
    EXPECT_EQ(refusal.status, 422U);
    EXPECT_EQ(refusal.field("idempotent-replayed"), "");
    EXPECT_EQ(refusal.field("retry-after"), "");
  }
  EXPECT_EQ(gateway_->totals().idempotent_replays, 0U);
}

TEST_F(server_with_records, what_is_past_its_time_runs_anew) {
  idempotency_.ttl = 10s;
  serve_anew();
  ask(false);
  kept().answered_at -= 11s;
  serve_anew();
  EXPECT_EQ(ask(false).field("idempotent-replayed"), "");
  kept("k").answered_at += 24h; // the clock was set back
  serve_anew();
  EXPECT_EQ(ask(false).field("idempotent-replayed"), "true");
}

TEST_F(server_with_records, only_successes_are_kept) {
  serve_anew();
  auto client = connect();
  client.send(post("{}", "Idempotency-Key: k\r\n"));
  EXPECT_EQ(client.read_answer().status, 400U);
  gateway_->play({domain::turn_failed{{.code = domain::error_code::server_busy}}});
  EXPECT_EQ(ask(false, "l").status, 503U);
  gateway_->play(hello());
  ask(false, "m");
  kept("m");
  EXPECT_EQ(gateway_->records.size(), 1U);
}

TEST_F(server_with_records, a_client_that_leaves_meanwhile_finds_its_answer) {
  serve_anew();
  const auto first = ask(true);
  kept();
  serve_anew();
  {
    auto client = connect();
    client.send(keyed(true));
    ASSERT_TRUE(gateway_->wait_until([&] { return gateway_->records_asked == 1; }));
  }
  EXPECT_EQ(ask(true).body, first.body);
  EXPECT_TRUE(gateway_->requests.empty());
}

} // namespace
} // namespace ccapi::http::test
