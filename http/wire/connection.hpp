#pragma once
// connection: one HTTP socket. Reads requests, has them checked and routed, sends the answers,
// keeps the deadlines, and notices when the client is gone.

#include "http/access/key_ring.hpp"
#include "http/answers/exchange.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"
#include "http/router.hpp"
#include "http/wire/alarm.hpp"
#include "http/wire/body_budget.hpp"
#include "http/wire/connection_limit.hpp"
#include "http/wire/content_coding.hpp"
#include "http/wire/deadlines.hpp"
#include "http/wire/decoding_queue.hpp"
#include "http/wire/framing.hpp"
#include "http/wire/input_buffer.hpp"
#include "http/wire/request_reader.hpp"
#include "http/wire/stream.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ccapi::http {

/// What the access log tells of a turn.
struct turn_note {
  std::string model{};
  std::string_view outcome = "cancelled";
  domain::usage used{};
};

/// Lives as long as one of its asynchronous operations; lives on its socket's I/O thread only.
/// One request at a time: what a client sends ahead stays unparsed until the answer has left.
class connection final : public exchange,
                         public shard_member,
                         public decoding_queue::member,
                         public std::enable_shared_from_this<connection> {
public:
  /// `client_address`: for the log, and to count failures by.
  connection(http::stream stream, std::shared_ptr<http::http_shard> home,
             connection_limit::place place, std::string client_address);

  /// Call once, after make_shared.
  void start();
  /// Instead of start: there are too many connections. The client is told so, and no more.
  void turn_away();
  void drain() override;
  void close() override;
  bool on_decoding_turn() noexcept override;

  // exchange
  http::request& request() override { return request_; }
  http::http_shard& shard() override { return *shard_; }
  void guarded(const std::function<void()>& step) noexcept override {
    const auto self = shared_from_this();
    guard(step);
  }
  void note_conversation(std::string_view id) override { conversation_ = id; }
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
  using timer_type = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, stream::executor>;
  using error_code = boost::system::error_code;

  enum class phase : std::uint8_t {
    head,      ///< waiting for a request, or for the rest of its head
    body,      ///< the head is accepted
    decoding,  ///< the body is here; it waits for its turn to be decoded, or is at it
    working,   ///< a handler has the request, up to the last byte of its answer
    lingering, ///< answered for the last time; discards input so that the answer isn't lost
    closed
  };
  enum class write_kind : std::uint8_t { interim, part, last };

  // input
  void read_more();
  void on_read(const error_code& ec, std::size_t count);
  void on_input_end(const error_code& ec);
  void drop_ahead();
  bool discards_too_much(std::size_t count);
  void advance();
  bool advance_head();
  bool advance_body();
  void accept_head(std::size_t head_bytes);
  const transport_problem* admit(const head_fields& fields, const route& found);
  const transport_problem* identify(const head_fields& fields, access needed);
  const transport_problem* count_request(const key_ring::entry& key);
  void expect_body(bool wants_continue);
  void on_body();
  void decode_some();
  void end_decoding();
  void hand_over();
  void refuse(const transport_problem& problem, std::string_view allow = {});
  void refuse_http_2();
  void answer_preflight();

  // output
  void note_answer(unsigned status);
  response_frame frame_for(std::size_t length) const;
  void start_write(write_kind kind);
  void write_rest();
  void on_written();
  void settle();
  void on_write(const error_code& ec, std::size_t count);
  void on_answered();
  [[nodiscard]] bool last_bytes_leave() const noexcept {
    return phase_ == phase::working && writing_ && write_kind_ == write_kind::last;
  }
  void log_answer(unsigned status) const noexcept;
  void linger();
  void on_lingered(std::size_t count);

  // what nobody expects
  /// Runs a step that was waited for; what it throws ends this connection, never the program.
  template <class Step>
  void guard(const Step& step) noexcept {
    try {
      step();
      settle();
    } catch (const std::exception& failure) { // out of memory, most likely
      give_up(failure.what());
    } catch (...) {
      give_up("unknown exception");
    }
  }
  void give_up(const char* why) noexcept;
  void abandon_work() noexcept;
  void report(const char* why) const noexcept;

  // time
  void set_deadline(deadline which, clock::time_point when);
  void arm_timer();
  void on_timer();
  void set_body_deadline(clock::time_point now);

  http::stream stream_;
  alarm<timer_type> alarm_;
  std::shared_ptr<http::http_shard> shard_;
  std::optional<connection_limit::place> place_;

  input_buffer input_;
  head_scanner scanner_;
  std::optional<request_reader> reader_;
  http::request request_;
  body_budget::share body_share_;                    ///< until the answer begins
  content_coding coding_ = content_coding::identity; ///< of the body that is read
  std::unique_ptr<encoded_body> encoded_body_;
  const endpoint* endpoint_ = nullptr;
  std::string conversation_;
  std::optional<turn_note> turn_; ///< set: the request wants one
  std::string common_fields_;     ///< of every answer to this request
  std::string client_address_;
  std::optional<std::chrono::milliseconds> retry_after_; ///< of the refusal under way
  std::shared_ptr<answer> work_;
  /// While work_ may still speak to this connection: nothing else may keep it alive then.
  std::shared_ptr<connection> self_at_work_;

  std::string output_;
  std::size_t output_left_from_ = 0;

  deadlines deadlines_;
  clock::time_point body_started_;
  clock::time_point linger_end_;
  std::size_t discarded_bytes_ = 0; ///< of what came ahead of the last answer, and behind it
  std::size_t answer_bytes_ = 0;    ///< on the wire, for the log
  std::uint32_t requests_ = 0;
  unsigned status_ = 0; ///< of the answer that has begun; 0: none has
  phase phase_ = phase::head;
  write_kind write_kind_ = write_kind::last;
  bool reading_ = false;
  bool writing_ = false;
  bool written_ = false; ///< all of it has left at once; settle() goes on from there
  bool head_begun_ = false;
  bool decodes_ = false; ///< has its turn in the shard's decoding queue
  bool keep_alive_ = true;
  bool http_10_ = false;
  bool answer_cut_ = false;  ///< the stream failed
  bool drops_ahead_ = false; ///< what is sent ahead of the answer; it is the last one then
};

} // namespace ccapi::http
