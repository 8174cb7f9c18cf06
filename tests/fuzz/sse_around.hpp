#pragma once
// What stands around a writer of streams while the fuzzer plays a turn to it.

#include "http/answers/sse_writer.hpp"
#include "http/http_shard.hpp"
#include "openai/protocol.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::fuzz {

inline void require(bool condition) {
  if (!condition)
    std::abort();
}

class counting_gateway final : public domain::gateway {
public:
  using shown = std::function<void(domain::result<domain::conversation_info>)>;

  domain::cache_finding look_up(domain::chat_request&, const domain::cache_rules&) override {
    return {};
  }
  domain::turn_id submit(domain::chat_request, std::shared_ptr<domain::event_sink>) override {
    return {};
  }
  void cancel(domain::turn_id) override { ++cancelled; }
  void acknowledge(domain::turn_id, std::size_t bytes) override { acknowledged += bytes; }
  const domain::health& current_health() const override { return health_; }
  domain::stats& totals() override { return totals_; }
  std::int64_t spent_today(std::string_view) const override { return 0; }
  void collect_stats(std::function<void(const domain::stats&)>) override {}
  void create_conversation(std::string, domain::new_conversation, shown) override {}
  void list_conversations(domain::page_query, std::string,
                          std::function<void(domain::result<domain::conversation_page>)>) override {
  }
  void label_conversation(domain::conversation_name, domain::conversation_labels, shown) override {}
  void show_conversation(domain::conversation_name, shown) override {}
  void remove_conversation(domain::conversation_name, shown) override {}

  bool find_idempotency_record(
    const std::string&, const std::string&,
    std::function<void(const std::shared_ptr<const domain::idempotency_record>&)>) override {
    return false;
  }
  void keep_idempotency_record(domain::idempotency_record) override {}

  unsigned cancelled = 0;
  std::size_t acknowledged = 0;

private:
  domain::health health_;
  domain::stats totals_;
};

struct world {
  boost::asio::io_context loop;
  counting_gateway gateway;
  http::http_shard shard{loop.get_executor(),
                         gateway,
                         {.openai = &openai::protocol, .otherwise = &openai::protocol},
                         http::host_allow_list{{}, 8080},
                         settings(),
                         "1",
                         observe::logger{}};

  static http::shard_settings settings() {
    http::shard_settings made;
    made.limits.stream_ping_interval = std::chrono::milliseconds{0};
    made.limits.stream_buffer_bytes = 4096;
    made.models = std::make_shared<domain::model_catalog>(
      "sonnet", std::vector<domain::model_catalog::alias>{{"gpt-*", "default"}},
      std::vector<std::string>{"sonnet"});
    made.keys = std::make_shared<http::key_ring>();
    made.failures = std::make_shared<http::auth_failures>();
    return made;
  }
};

inline constexpr std::string_view head = "HTTP/1.1 200 OK\r\n\r\n";

/// Takes what the writer says, and nothing at a wrong time.
class recording_exchange final : public http::exchange {
public:
  recording_exchange(http::http_shard& home, bool chunked)
    : shard_{home},
      chunked_{chunked} {
    request_.dialect = &openai::protocol;
  }

  http::request& request() override { return request_; }
  http::http_shard& shard() override { return shard_; }
  void guarded(const std::function<void()>& step) noexcept override { step(); }
  void note_conversation(std::string_view) override { require(!over); }
  void note_turn(std::string_view) override { require(!over); }
  void note_usage(const domain::usage&) override { require(!over); }
  void note_outcome(std::string_view, std::string_view) override { require(!over); }
  void reply(const http::response_head& answer, std::string_view body) override {
    require(!over && sent.empty() && !begun_ && answer.status >= 400);
    refusal = body;
    over = true;
  }
  [[nodiscard]] bool hold_memory(std::size_t) override { return true; }
  void work_on(std::shared_ptr<http::answer>) override {}
  void wake_at(std::chrono::steady_clock::time_point) override { require(!over); }
  bool begin_stream(const http::response_head& answer, std::string& out) override {
    require(!over && !std::exchange(begun_, true) && answer.status == 200);
    out += head;
    return chunked_;
  }
  void write(std::string& bytes, std::size_t from, http::stream_piece piece) override {
    require(!over && !writing && from <= bytes.size());
    sent.append(bytes, from);
    bytes.clear();
    writing = true;
    over = piece != http::stream_piece::middle;
    cut = piece == http::stream_piece::cut;
  }

  std::string sent;
  std::string refusal;
  bool writing = false;
  bool over = false; ///< the exchange isn't the writer's any more
  bool cut = false;  ///< it said that the answer failed

private:
  http::request request_;
  http::http_shard& shard_;
  const bool chunked_;
  bool begun_ = false;
};

} // namespace ccapi::fuzz
