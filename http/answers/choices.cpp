#include "http/answers/choices.hpp"

#include "domain/turn/gateway.hpp"
#include "http/answers/reply_writer.hpp"
#include "http/answers/sse_writer.hpp"
#include "http/http_shard.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace ccapi::http {

namespace {

/// A stream tells the choices as they come.
struct streamed {
  streamed(exchange& client, chat_plan&& plan, domain::turn_control& turns, std::size_t count)
    : writer{client, std::move(plan), turns, count} {}

  void select(dialect::whole_answer&, dialect::whole_answer&, std::size_t next,
              dialect::choices_encoder&) {
    writer.select_choice(next);
  }
  void end(dialect::choices_encoder&, const domain::event& end) { writer.end_choice(end); }

  sse_writer writer;
};

/// A whole answer gathers each by itself.
struct gathered {
  gathered(exchange& client, chat_plan&& plan, domain::turn_control& turns, std::size_t)
    : writer{client, std::move(plan), turns} {}

  void select(dialect::whole_answer& before, dialect::whole_answer& after, std::size_t next,
              dialect::choices_encoder& encoder) noexcept {
    std::swap(writer.said(), before);
    encoder.select(next);
    std::swap(writer.said(), after);
  }
  void end(dialect::choices_encoder& encoder, const domain::event& end) {
    const auto& finished = std::get<domain::turn_finished>(end);
    writer.note_end(finished);
    encoder.keep(std::exchange(writer.said(), {}), finished);
  }

  reply_writer writer;
};

/// The turns of an answer, and its only writer, which takes them for one. Owned by the exchange
/// and, as the sinks of the turns, by the gateway.
template <class Form>
class choice_turns final : public domain::turn_control,
                           public std::enable_shared_from_this<choice_turns<Form>> {
public:
  choice_turns(exchange& client, choices_plan&& wanted, dialect::choices_encoder& encoder)
    : gateway_{client.shard().gateway},
      encoder_{encoder},
      places_{std::move(wanted.places)},
      form_{client, std::move(wanted.plan), *this, encoder.count()} {
    choices_.reserve(encoder.count());
    for (std::size_t index = 0; index < encoder.count(); ++index)
      choices_.emplace_back(*this, index);
  }

  [[nodiscard]] answer& writer() noexcept { return form_.writer; }

  void start(const std::shared_ptr<choice_turns>& self, domain::chat_request&& request) {
    for (std::size_t index = 0; index + 1 < choices_.size(); ++index)
      start(self, choices_[index], domain::chat_request{request});
    start(self, choices_.back(), std::move(request));
  }

  /// The writer means the answer: all of them.
  void cancel(domain::turn_id) override {
    for (auto& each : choices_)
      if (std::exchange(each.runs, false))
        gateway_.cancel(each.turn);
  }

  /// Whose bytes have left is not known, but all of them leave: each gets what it is owed.
  void acknowledge(domain::turn_id, std::size_t bytes) override {
    for (auto& each : choices_) {
      const auto part = std::min(each.credit, bytes);
      if (part == 0)
        continue;
      each.credit -= part;
      bytes -= part;
      gateway_.acknowledge(each.turn, part);
    }
  }

private:
  struct choice final : domain::event_sink {
    choice(choice_turns& owner, std::size_t number)
      : all{owner},
        index{number} {}

    void on_event(domain::event&& what) override { all.on_event(*this, std::move(what)); }
    void on_flush() override { all.form_.writer.on_flush(); }

    choice_turns& all;
    std::size_t index;
    domain::turn_id turn = 0;
    bool runs = false;
    std::size_t credit = 0;       ///< of its deltas that the writer has not given back
    dialect::whole_answer said{}; ///< while the writer gathers what another one says
  };

  void start(const std::shared_ptr<choice_turns>& self, choice& each, domain::chat_request turn) {
    if (each.index > 0)
      turn.conversation_id.reset();
    each.turn = gateway_.submit(std::move(turn), std::shared_ptr<domain::event_sink>{self, &each});
    each.runs = true;
  }

  void on_event(choice& from, domain::event&& what) {
    const auto self = this->shared_from_this(); // a failure may end all turns, and so this
    if (domain::is_terminal(what))
      from.runs = false;
    select(from);
    if (auto* finished = std::get_if<domain::turn_finished>(&what)) {
      cost_ += std::exchange(finished->usage.cost_micro_usd, 0);
      if (any_runs())
        return form_.end(encoder_, what);
      finished->usage.cost_micro_usd = cost_; // the answer's
    }
    if (std::holds_alternative<domain::turn_failed>(what))
      cancel(from.turn);
    if (!tells_of_answer(from, what))
      return;
    from.credit += domain::credit_bytes(what);
    form_.writer.on_event(std::move(what)); // may be our end
  }

  void select(choice& next) {
    if (next.index == selected_)
      return;
    form_.select(choices_[selected_].said, next.said, next.index, encoder_);
    selected_ = next.index;
  }

  /// The head of the answer tells of the first choice, and of another one only as long as there is
  /// nothing to be told of the first.
  bool tells_of_answer(const choice& from, const domain::event& what) noexcept {
    const bool first = from.index == 0;
    if (std::holds_alternative<domain::turn_accepted>(what))
      return first;
    if (std::holds_alternative<domain::turn_placed>(what))
      return !std::exchange(placed_, true) || first;
    if (std::holds_alternative<domain::answer_started>(what))
      return !std::exchange(started_, true) || first;
    return true;
  }

  [[nodiscard]] bool any_runs() const noexcept {
    return std::any_of(choices_.begin(), choices_.end(),
                       [](const choice& each) { return each.runs; });
  }

  domain::gateway& gateway_;
  dialect::choices_encoder& encoder_; ///< the writer's
  std::vector<key_usage::turn_place> places_;
  Form form_;
  std::vector<choice> choices_; ///< never moved: the gateway has their addresses
  std::size_t selected_ = 0;
  std::int64_t cost_ = 0; ///< of the choices that have ended; millionths of a US dollar
  bool placed_ = false;
  bool started_ = false;
};

template <class Form>
void submit(exchange& client, choices_plan&& wanted, domain::chat_request&& turn) {
  auto& encoder = *wanted.encoder;
  wanted.plan.encoder = std::move(wanted.encoder);
  const auto turns = std::make_shared<choice_turns<Form>>(client, std::move(wanted), encoder);
  client.work_on(std::shared_ptr<answer>{turns, &turns->writer()});
  turns->start(turns, std::move(turn));
}

} // namespace

void submit_choices(exchange& client, choices_plan wanted, domain::chat_request&& turn,
                    bool stream) {
  if (stream)
    submit<streamed>(client, std::move(wanted), std::move(turn));
  else
    submit<gathered>(client, std::move(wanted), std::move(turn));
}

} // namespace ccapi::http
