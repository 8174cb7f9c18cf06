#pragma once
// reply_writer: the sink of a chat turn whose answer leaves as one JSON object.

#include "dialect/answer_encoder.hpp"
#include "domain/turn/event_sink.hpp"
#include "domain/turn/gateway.hpp"
#include "http/answers/chat_plan.hpp"
#include "http/answers/exchange.hpp"

#include <cstddef>
#include <string>

namespace ccapi::http {

/// Owned by its exchange and by the gateway; on their I/O thread only. Gathers at most
/// limits.answer_bytes_max; a longer answer is cancelled and answered with an error.
class reply_writer final : public domain::event_sink, public answer {
public:
  reply_writer(exchange& client, chat_plan plan);
  /// For several turns that share the answer: `turns`, which outlives it, knows which are meant.
  reply_writer(exchange& client, chat_plan plan, domain::turn_control& turns);

  /// Call once, right after gateway::submit.
  void start(domain::turn_id turn);

  /// The end of a choice that is not the last one to end.
  void note_end(const domain::turn_finished& end) {
    if (client_)
      client_->note_usage(end.usage);
  }
  /// What the selected choice has said so far, to be replaced by what another one has.
  [[nodiscard]] dialect::whole_answer& said() noexcept { return said_; }

  void on_event(domain::event&& what) override;
  void on_flush() override;
  void on_written() override {}
  void on_wake() override {}
  void on_gone() override;

private:
  bool gathers(domain::event& what);
  void take(domain::event&& what);
  void take(std::string& whole, std::string&& delta);
  void begin_call(domain::tool_call_started&& call);
  void extend_call(domain::tool_input_delta&& input);
  [[nodiscard]] bool fits(std::size_t bytes) const noexcept;
  void add(std::string& whole, std::string&& delta);
  void give_up();
  void finish(const domain::turn_finished& end);
  void fail(const domain::error& failure, const domain::usage& used = {});

  exchange* client_; ///< null when the client is gone or has its answer
  domain::turn_control* control_;
  chat_plan plan_;
  domain::turn_id turn_ = 0;
  turn_trace trace_;
  dialect::whole_answer said_;
  std::size_t said_bytes_ = 0; ///< of said_, at most answer_bytes_max_
  const std::size_t answer_bytes_max_;
  const std::size_t credit_lot_;
  std::size_t owed_credit_ = 0;
};

} // namespace ccapi::http
