// keyed_run: those who read its log.

#include "http/answers/keyed_run.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace ccapi::http {

namespace asio = boost::asio;

namespace {

constexpr transport_problem run_ended{
  503, error_kind::unavailable, "server_busy",
  "The request with this Idempotency-Key ended just when this one came. Try again."};

} // namespace

void keyed_run::later_join(std::shared_ptr<keyed_reader> who) {
  asio::post(shard_->executor, [self = shared_from_this(), who = std::move(who)]() mutable {
    self->join(std::move(who));
  });
}

void keyed_run::later_taken(std::shared_ptr<keyed_reader> who, std::size_t bytes) {
  asio::post(shard_->executor, [self = shared_from_this(), who = std::move(who), bytes] {
    self->taken(*who, bytes);
  });
}

void keyed_run::later_left(std::shared_ptr<keyed_reader> who) {
  asio::post(shard_->executor,
             [self = shared_from_this(), who = std::move(who)] { self->left(*who); });
}

void keyed_run::join(std::shared_ptr<keyed_reader> who) {
  guarded([&] {
    const auto* const refusal = over_ && !log_->over() ? &run_ended
                                : kept_                ? nullptr
                                                       : &key_in_work;
    if (refusal) {
      asio::post(who->where(), [who, refusal] { who->refuse(*refusal); });
    } else if (over_) {
      tell_end(*who);
    } else {
      grace_end_ = deadlines::never;
      readers_.push_back({std::move(who)});
    }
  });
}

void keyed_run::taken(const keyed_reader& by, std::size_t bytes) {
  const auto found = std::find_if(readers_.begin(), readers_.end(),
                                  [&](const place& each) { return each.who.get() == &by; });
  if (found == readers_.end())
    return;
  found->under_way -= std::min(bytes, found->under_way);
  guarded([] {});
}

void keyed_run::left(const keyed_reader& who) {
  std::erase_if(readers_, [&](const place& each) { return each.who.get() == &who; });
  if (over_)
    return;
  if (!readers_.empty())
    return guarded([] {}); // it may have been the slowest
  if (!kept_ || shard_->draining())
    return abandon("cancelled");
  guarded([this] {
    grace_end_ = clock::now() + answers_->grace();
    arm();
  });
}

void keyed_run::tell_end(keyed_reader& who) {
  if (refused_ && &who != first_.get()) // it joined what was refused: it is no repetition
    return asio::post(who.where(), [who = who.shared_from_this()] { who->refuse(key_reused); });
  asio::post(who.where(), [who = who.shared_from_this(),
                           log = std::shared_ptr<const answer_log>{log_}] { who->hear_end(log); });
}

/// Tells a client what it does not know, as far as it may.
void keyed_run::feed(place& to) {
  if (!log_->head() || log_->over() || to.under_way >= window_ || to.position == log_->size())
    return;
  std::string bytes;
  while (to.under_way < window_ && to.position < log_->size()) {
    const auto part = log_->from(to.position).substr(0, window_ - to.under_way);
    bytes += part;
    to.position += part.size();
    to.under_way += part.size();
  }
  asio::post(to.who->where(),
             [who = to.who, head = log_->head(), bytes = std::move(bytes)]() mutable {
               who->hear(head, std::move(bytes));
             });
}

/// No memory is left for the log: it keeps what somebody has not been told.
void keyed_run::pace() {
  auto slowest = log_->size();
  auto untaken = slowest;
  for (const auto& each : readers_) {
    slowest = std::min(slowest, each.position);
    untaken = std::min(untaken, each.position - each.under_way);
  }
  if (readers_.empty())
    return abandon("cancelled");
  log_->forget_until(slowest);
  if (held_ && log_->size() - untaken <= window_) {
    held_ = false;
    written_ = true;
  }
}

} // namespace ccapi::http
