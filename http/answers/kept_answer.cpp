#include "http/answers/kept_answer.hpp"

#include "http/answers/reply.hpp"
#include "http/answers/sse_writer.hpp"
#include "http/http_shard.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ccapi::http {

namespace {

/// Of a delta. A client shows each at once, and its parser has to take it whole.
constexpr std::size_t piece_bytes = std::size_t{4} << 10;

/// The beginning of a text, to the end of a character.
std::string_view piece_of(std::string_view text) noexcept {
  if (text.size() <= piece_bytes)
    return text;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  auto size = piece_bytes;
  while (size > 1 && continues(size))
    --size;
  return text.substr(0, size);
}

domain::turn_finished end_of(const domain::cached_answer& said) {
  return {.reason = domain::finish_reason::stop, .usage = said.usage, .model = said.model};
}

void reply_whole(exchange& client, const chat_plan& plan, const domain::cached_answer& said) {
  const auto headers = plan.headers(said.model, said.dropped);
  const auto body =
    plan.encoder->whole({.model = plan.shown_model(said.model), .conversation_id = {}},
                        {.text = said.text, .reasoning = said.reasoning}, end_of(said));
  reply_json(client, body, headers);
}

/// Plays the events of the answer to the writer, which takes them for a turn's. Owned by the
/// exchange.
class replay final : public domain::turn_control {
public:
  replay(exchange& client, chat_plan&& plan, std::shared_ptr<const domain::cached_answer> said)
    : said_{std::move(said)},
      reasoning_{said_->reasoning},
      text_{said_->text},
      window_{client.shard().limits().stream_buffer_bytes},
      writer_{client, std::move(plan), *this, 1} {}

  [[nodiscard]] answer& writer() noexcept { return writer_; }

  void start() {
    writer_.play(domain::answer_started{.model = said_->model});
    go_on();
  }

  void cancel(domain::turn_id) override { over_ = true; }

  /// The last thing that the writer does about a write, so it may be told more at once.
  void acknowledge(domain::turn_id, std::size_t bytes) override {
    under_way_ -= std::min(bytes, under_way_);
    go_on();
  }

private:
  void go_on() {
    if (over_)
      return;
    while (!over_ && under_way_ < window_ && !(reasoning_.empty() && text_.empty()))
      tell_piece();
    if (!over_ && reasoning_.empty() && text_.empty()) {
      over_ = true;
      writer_.play(end_of(*said_));
    }
    writer_.write_played();
  }

  void tell_piece() {
    auto& from = reasoning_.empty() ? text_ : reasoning_;
    const auto piece = piece_of(from);
    const bool thinks = &from == &reasoning_;
    from.remove_prefix(piece.size());
    under_way_ += piece.size();
    if (thinks)
      writer_.play(domain::reasoning_delta{std::string{piece}});
    else
      writer_.play(domain::text_delta{std::string{piece}});
  }

  const std::shared_ptr<const domain::cached_answer> said_;
  std::string_view reasoning_; ///< not told yet
  std::string_view text_;      ///< not told yet
  const std::size_t window_;
  std::size_t under_way_ = 0; ///< bytes that the client has not taken
  bool over_ = false;
  sse_writer writer_;
};

} // namespace

void reply_kept(exchange& client, chat_plan plan, std::shared_ptr<const domain::cached_answer> said,
                bool stream) {
  if (!stream)
    return reply_whole(client, plan, *said);
  plan.ignored_params.insert(plan.ignored_params.end(), said->dropped.begin(), said->dropped.end());
  const auto played = std::make_shared<replay>(client, std::move(plan), std::move(said));
  client.work_on(std::shared_ptr<answer>{played, &played->writer()});
  played->start();
}

} // namespace ccapi::http
