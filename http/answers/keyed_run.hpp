#pragma once
// keyed_run: a request with an Idempotency-Key, worked on once for all who send it.

#include "http/answers/answer_log.hpp"
#include "http/answers/exchange.hpp"
#include "http/answers/keyed_answers.hpp"
#include "http/answers/keyed_reader.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"
#include "http/wire/alarm.hpp"
#include "http/wire/body_budget.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::http {

/// Stands between the handler and its clients: the handler's exchange, whose answer goes into a log
/// that each client reads at its own pace, from the beginning. It goes on when its client leaves,
/// for idempotency.grace: a retry finds it. As long as there is memory for the log nobody waits
/// for anybody; from then on nobody else may join, the slowest client paces the answer, and
/// without any client it ends.
///
/// Lives on the I/O thread of its first client; only what begins with `later_` may be called from
/// others.
class keyed_run final : public exchange,
                        public shard_member,
                        public std::enable_shared_from_this<keyed_run> {
public:
  keyed_run(http_shard& home, std::string name, std::string fingerprint);

  /// Has the handler answer the client's request, unless the store has the answer. The name is this
  /// run's.
  void start(exchange& client, handler handle);

  void later_join(std::shared_ptr<keyed_reader> who);
  void later_taken(std::shared_ptr<keyed_reader> who, std::size_t bytes);
  void later_left(std::shared_ptr<keyed_reader> who);

  // shard_member
  void drain() override;
  void close() override;

  // exchange
  http::request& request() override { return request_; }
  http_shard& shard() override { return *shard_; }
  void guarded(const std::function<void()>& step) noexcept override;
  void note_conversation(std::string_view id) override;
  void note_turn(std::string_view model) override;
  void note_usage(const domain::usage& used) override;
  void note_outcome(std::string_view outcome, std::string_view model) override;
  void reply(const response_head& head, std::string_view body) override;
  [[nodiscard]] bool hold_memory(std::size_t bytes) override;
  void work_on(std::shared_ptr<answer> work) override;
  void wake_at(std::chrono::steady_clock::time_point when) override;
  bool begin_stream(const response_head& head, std::string& out) override;
  void write(std::string& bytes, std::size_t from, stream_piece piece) override;

private:
  using clock = std::chrono::steady_clock;
  struct place {
    std::shared_ptr<keyed_reader> who;
    std::size_t position = 0;  ///< of the log, told
    std::size_t under_way = 0; ///< of what was told, not yet taken
  };

  void join(std::shared_ptr<keyed_reader> who);
  void taken(const keyed_reader& by, std::size_t bytes);
  void left(const keyed_reader& who);
  [[nodiscard]] bool ask_store(handler handle);
  void work(handler handle);
  void on_record(const std::shared_ptr<const domain::idempotency_record>& found, handler handle);
  void repeat(const domain::idempotency_record& record, std::chrono::milliseconds age);
  void begin(const response_head& head, bool streamed);
  void append(std::string_view bytes, stream_piece piece);
  void settle();
  void feed(place& to);
  void pace();
  void tell_end(keyed_reader& who);
  template <class Step>
  void attempt(const Step& step) const noexcept;
  void finish() noexcept;
  void remember() const;
  void leave() noexcept;
  void abandon(std::string_view outcome) noexcept;
  void give_up(const char* why) noexcept;
  void arm();
  void on_alarm();
  [[nodiscard]] exchange* first_client() const noexcept {
    return first_ ? first_->client() : nullptr;
  }
  void log_end() const;

  const std::shared_ptr<http_shard> shard_;
  const std::string name_;
  const std::string fingerprint_;
  const std::shared_ptr<keyed_answers> answers_;
  const std::size_t window_; ///< bytes that a client may be told and not have taken
  http::request request_;
  body_budget::share body_share_; ///< until the answer begins
  std::shared_ptr<answer> work_;
  std::shared_ptr<keyed_run> self_at_work_; ///< while work_ may still speak to it
  std::shared_ptr<answer_log> log_ = std::make_shared<answer_log>();
  std::vector<place> readers_;
  std::shared_ptr<keyed_reader> first_; ///< whose line of the log tells of the turn

  alarm<boost::asio::steady_timer> alarm_;
  clock::time_point wake_ = deadlines::never;
  clock::time_point grace_end_ = deadlines::never;

  std::string conversation_;
  std::string model_;
  std::string outcome_ = "cancelled";
  domain::usage used_{};
  std::size_t charged_ = 0;
  std::chrono::milliseconds age_{}; ///< of an answer that came from the store
  bool stored_ = false;             ///< there is a store, which answers are kept in
  bool recalled_ = false;           ///< it came from there
  bool refused_ = false;            ///< the key was used for another request
  bool kept_ = true;                ///< there is memory for all of the log
  bool written_ = false;            ///< the handler's last write is done, and it has not been told
  bool held_ = false;               ///< the same, once the slowest client has taken more
  bool over_ = false;
};

} // namespace ccapi::http
