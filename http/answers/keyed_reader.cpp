#include "http/answers/keyed_reader.hpp"

#include "http/answers/keyed_run.hpp"
#include "http/answers/reply.hpp"
#include "http/http_shard.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace ccapi::http {

namespace {

/// Of what is written at once of an answer that is over.
constexpr std::size_t piece_bytes = std::size_t{64} << 10;
constexpr std::string_view replayed_field = "idempotent-replayed: true\r\n";

} // namespace

keyed_reader::keyed_reader(exchange& client, bool replayed)
  : client_{&client},
    where_{client.shard().executor},
    replayed_{replayed} {}

void keyed_reader::hear(const std::shared_ptr<const logged_head>& head, std::string&& bytes) {
  if (!client_)
    return;
  client_->guarded([&] {
    head_ = head;
    heard_ += bytes.size();
    if (pending_.empty())
      pending_ = std::move(bytes);
    else
      pending_ += bytes;
    go_on();
  });
}

void keyed_reader::hear_end(std::shared_ptr<const answer_log> whole) {
  run_.reset();
  if (!client_ || whole_)
    return;
  whole_ = std::move(whole);
  client_->guarded([this] {
    if (replayed_)
      note_replay();
    go_on();
  });
}

void keyed_reader::note_replay() {
  const bool failed = whole_->last() == stream_piece::cut;
  client_->note_outcome(failed ? "cut" : "replayed", {});
  if (!failed)
    ++client_->shard().gateway.totals().idempotent_replays;
}

void keyed_reader::refuse(const transport_problem& why) {
  run_.reset();
  if (auto* const client = std::exchange(client_, nullptr))
    client->guarded([&] {
      client->note_outcome(why.code, {});
      std::optional<std::chrono::milliseconds> retry_after;
      if (why.status != key_reused.status)
        retry_after = std::chrono::seconds{1};
      reply_problem(*client, why, {}, retry_after);
    });
}

void keyed_reader::lose() {
  run_.reset();
  if (client_)
    client_->guarded([] { throw std::runtime_error{"the answer for its key was lost"}; });
}

void keyed_reader::on_written() {
  writing_ = false;
  if (const auto taken = std::exchange(under_way_, 0); run_ && taken > 0)
    run_->later_taken(shared_from_this(), taken);
  go_on();
}

void keyed_reader::on_gone() {
  client_ = nullptr;
  if (const auto run = std::exchange(run_, nullptr))
    run->later_left(shared_from_this());
}

void keyed_reader::go_on() {
  const auto* const head = whole_ ? whole_->head().get() : head_.get();
  if (!client_ || writing_ || !head)
    return;
  // A large one is replayed piece by piece, too: else each client that does not read would hold a
  // copy of it.
  const bool in_pieces = head->streamed || (replayed_ && whole_ && whole_->size() > piece_bytes);
  if (in_pieces)
    write_some();
  else if (whole_)
    reply_whole();
}

void keyed_reader::reply_whole() {
  const auto& head = *whole_->head();
  auto fields = head.fields;
  if (replayed_)
    fields += replayed_field;
  auto& client = *std::exchange(client_, nullptr);
  client.reply({.status = head.status,
                .content_type = head.content_type,
                .extra = fields,
                .close = head.close},
               whole_->from(0)); // may be our end
}

void keyed_reader::write_some() {
  if (whole_ && pending_.empty()) {
    pending_ = whole_->from(heard_).substr(0, piece_bytes);
    heard_ += pending_.size();
  }
  const bool last = whole_ && heard_ == whole_->size();
  if (pending_.empty() && !last)
    return;
  output_.clear();
  if (!std::exchange(begun_, true)) {
    const auto& head = whole_ ? *whole_->head() : *head_;
    auto fields = head.fields;
    if (replayed_)
      fields += replayed_field;
    chunked_ = client_->begin_stream(
      {.status = head.status, .content_type = head.content_type, .extra = fields}, output_);
  }
  under_way_ = pending_.size();
  if (chunked_)
    append_chunk(output_, pending_);
  else
    output_ += pending_;
  pending_.clear();
  auto piece = stream_piece::middle;
  if (last)
    piece = whole_->last();
  if (chunked_ && piece == stream_piece::last)
    output_ += last_chunk;
  writing_ = true;
  auto& client = *client_;
  if (last)
    client_ = nullptr;             // the exchange ends with this write
  client.write(output_, 0, piece); // may be our end
}

} // namespace ccapi::http
