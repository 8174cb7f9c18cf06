#pragma once
// keyed_reader: gives a client the answer that its Idempotency-Key stands for.

#include "http/answers/answer_log.hpp"
#include "http/answers/exchange.hpp"
#include "http/wire/transport_problem.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace ccapi::http {

class keyed_run;

/// Owned by its exchange, and by what sends it the answer; on the exchange's I/O thread. What comes
/// from another one comes as a handler that is posted there.
class keyed_reader final : public answer, public std::enable_shared_from_this<keyed_reader> {
public:
  using executor = boost::asio::io_context::executor_type;

  /// `replayed`: the answer is not the client's own, and says so.
  keyed_reader(exchange& client, bool replayed);

  [[nodiscard]] const executor& where() const noexcept { return where_; }
  /// Null: it is gone, or has its answer.
  [[nodiscard]] exchange* client() const noexcept { return client_; }

  /// It will hear from there, and tells it what its client takes. Before anything is heard.
  void follow(std::shared_ptr<keyed_run> run) { run_ = std::move(run); }
  /// The answer turns out to be an earlier one. Before anything is heard.
  void call_it_replayed() noexcept { replayed_ = true; }
  /// A piece of a stream that goes on.
  void hear(const std::shared_ptr<const logged_head>& head, std::string&& bytes);
  /// All that there will be, also of what was heard already.
  void hear_end(std::shared_ptr<const answer_log> whole);
  /// There is no answer for it.
  void refuse(const transport_problem& why);
  /// The rest of the answer is lost: its client gets a failure, or an end that shows it.
  void lose();

  void on_written() override;
  void on_wake() override {}
  void on_gone() override;

private:
  void note_replay();
  void go_on();
  void reply_whole();
  void write_some();

  exchange* client_;
  const executor where_;
  bool replayed_;
  std::shared_ptr<keyed_run> run_{};
  std::shared_ptr<const logged_head> head_{};
  std::shared_ptr<const answer_log> whole_{}; ///< once the answer is over
  std::string pending_{};                     ///< heard, not written
  std::size_t heard_ = 0;                     ///< bytes of the answer
  std::size_t under_way_ = 0;                 ///< bytes of it in the write under way
  std::string output_{};
  bool begun_ = false;
  bool chunked_ = false;
  bool writing_ = false;
};

} // namespace ccapi::http
