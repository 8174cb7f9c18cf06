#include "http/answers/keyed_run.hpp"

#include "http/answers/answer_records.hpp"
#include "http/answers/reply.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace ccapi::http {

namespace asio = boost::asio;

keyed_run::keyed_run(http_shard& home, std::string name, std::string fingerprint)
  : shard_{home.shared_from_this()},
    name_{std::move(name)},
    fingerprint_{std::move(fingerprint)},
    answers_{home.settings().answers},
    window_{home.limits().stream_buffer_bytes},
    body_share_{home.settings().bodies},
    alarm_{home.executor} {}

void keyed_run::start(exchange& client, handler handle) {
  try {
    static_cast<request_head&>(request_) = client.request();
    request_.body = std::move(client.request().body);
    // What the request takes is the run's from here on, whether its client stays or not.
    if (!client.hold_memory(0) || !body_share_.resize(request_.body.capacity())) {
      abandon("failed");
      return reply_problem(client, bodies_full, {}, std::chrono::seconds{1});
    }
    first_ = std::make_shared<keyed_reader>(client, false);
    first_->follow(shared_from_this());
    readers_.push_back({first_});
    client.work_on(first_);
    self_at_work_ = shared_from_this();
  } catch (...) {     // out of memory
    readers_.clear(); // its connection tells its client
    abandon("failed");
    throw;
  }
  shard_->enter(*this);
  guarded([&] {
    stored_ = ask_store(handle);
    if (!stored_)
      work(handle);
  });
}

// -- answers of earlier runs of the program ------------------------------------------------------

bool keyed_run::ask_store(handler handle) {
  return shard_->gateway.find_idempotency_record(
    request_.caller.name, *request_.idempotency_key,
    [self = shared_from_this(), handle](const auto& found) {
      if (!self->over_)
        self->guarded([&] { self->on_record(found, handle); });
    });
}

/// There is no earlier answer.
void keyed_run::work(handler handle) {
  answers_->found_new(name_);
  handle(*this);
}

void keyed_run::on_record(const std::shared_ptr<const domain::idempotency_record>& found,
                          handler handle) {
  if (!found)
    return work(handle);
  // A clock that was set back must not make a turn run twice.
  const auto age = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(
                              std::chrono::system_clock::now() - found->answered_at),
                            std::chrono::milliseconds{0});
  if (age > answers_->age_max())
    return work(handle);
  if (found->fingerprint == fingerprint_)
    return repeat(*found, age);
  refused_ = true;
  reply_problem(*this, key_reused);
}

void keyed_run::repeat(const domain::idempotency_record& record, std::chrono::milliseconds age) {
  recalled_ = true;
  age_ = age;
  note_turn({});
  outcome_ = "replayed"; // its readers tell whose client is still there
  if (first_)
    first_->call_it_replayed();
  log_->begin(std::make_shared<const logged_head>(head_of(record)));
  body_share_.release();
  append(record.body, stream_piece::last);
}

/// Behind every step: what follows a write, once whoever called for it has returned.
void keyed_run::settle() {
  do {
    while (std::exchange(written_, false) && work_) {
      const auto work = work_;
      work->on_written();
    }
    for (auto& each : readers_)
      feed(each);
    if (!over_ && !kept_ && !log_->over())
      pace();
  } while (written_ && work_);
  if (log_->over() && !over_)
    finish();
}

// -- exchange ------------------------------------------------------------------------------------

void keyed_run::guarded(const std::function<void()>& step) noexcept {
  const auto self = shared_from_this();
  try {
    step();
    settle();
  } catch (const std::exception& failure) {
    give_up(failure.what());
  } catch (...) {
    give_up("unknown exception");
  }
}

void keyed_run::note_conversation(std::string_view id) {
  conversation_ = id;
  if (auto* const client = first_client())
    client->note_conversation(id);
}

void keyed_run::note_turn(std::string_view model) {
  model_ = model;
  if (auto* const client = first_client())
    client->note_turn(model);
}

void keyed_run::note_usage(const domain::usage& used) {
  used_ += used;
  if (auto* const client = first_client())
    client->note_usage(used);
}

void keyed_run::note_outcome(std::string_view outcome, std::string_view model) {
  outcome_ = outcome;
  if (!model.empty())
    model_ = model;
  if (auto* const client = first_client())
    client->note_outcome(outcome, model);
}

void keyed_run::reply(const response_head& head, std::string_view body) {
  begin(head, false);
  append(body, stream_piece::last);
}

bool keyed_run::hold_memory(std::size_t bytes) {
  return body_share_.resize(bytes);
}

void keyed_run::work_on(std::shared_ptr<answer> work) {
  work_ = std::move(work);
  request_.body.release(); // it may take minutes
}

void keyed_run::wake_at(std::chrono::steady_clock::time_point when) {
  wake_ = when;
  arm();
}

bool keyed_run::begin_stream(const response_head& head, std::string&) {
  begin(head, true);
  return false; // framing is each client's own
}

void keyed_run::write(std::string& bytes, std::size_t from, stream_piece piece) {
  append(std::string_view{bytes}.substr(from), piece);
  bytes.clear();
  if (piece != stream_piece::middle)
    return;
  if (kept_)
    written_ = true;
  else
    held_ = true;
}

void keyed_run::begin(const response_head& head, bool streamed) {
  log_->begin(std::make_shared<const logged_head>(head, streamed));
  body_share_.release();
}

void keyed_run::append(std::string_view bytes, stream_piece piece) {
  if (const auto taken = log_->bytes_with(bytes.size()); kept_ && taken != charged_) {
    charged_ = taken;
    kept_ = answers_->charge(name_, taken);
  }
  log_->append(bytes, piece);
}

// -- the end -------------------------------------------------------------------------------------

/// A step that must not keep what follows from being done.
template <class Step>
void keyed_run::attempt(const Step& step) const noexcept {
  try {
    step();
  } catch (const std::exception& failure) {
    try {
      shard_->log.error("request failed", {{"request", request_.id}, {"detail", failure.what()}});
    } catch (...) { // not even for a line of the log
    }
  } catch (...) { // the same
  }
}

void keyed_run::finish() noexcept {
  over_ = true;
  attempt([this] { // first, so that whoever asks next finds it
    if (kept_ && !refused_ && log_->can_be_repeated())
      answers_->keep(name_, log_, clock::now() - age_);
    else
      answers_->drop(name_);
  });
  if (!first_client())
    attempt([this] { log_end(); });
  for (const auto& each : readers_)
    attempt([&] { tell_end(*each.who); });
  if (stored_ && kept_ && !recalled_ && is_worth_keeping(*log_))
    attempt([this] { // behind the ends that were just posted: it takes a copy
      asio::post(shard_->executor,
                 [self = shared_from_this()] { self->attempt([&] { self->remember(); }); });
    });
  leave();
}

void keyed_run::remember() const {
  auto record = record_of(*log_);
  record.tenant = request_.caller.name;
  record.key = *request_.idempotency_key;
  record.fingerprint = fingerprint_;
  record.answered_at = std::chrono::system_clock::now();
  shard_->gateway.keep_idempotency_record(std::move(record));
}

/// Nobody wants the answer any more, or there will be none.
void keyed_run::abandon(std::string_view outcome) noexcept {
  const auto self = shared_from_this();
  over_ = true;
  attempt([this] { answers_->drop(name_); });
  const auto work = std::exchange(work_, nullptr);
  attempt([&] {
    if (work)
      work->on_gone();
  });
  if (work && readers_.empty())
    attempt([&] {
      outcome_ = outcome;
      log_end();
    });
  for (const auto& each : readers_)
    attempt([&] { asio::post(each.who->where(), [who = each.who] { who->lose(); }); });
  leave();
}

/// Nothing more is expected from anywhere.
void keyed_run::leave() noexcept {
  wake_ = grace_end_ = deadlines::never;
  attempt([this] { alarm_.cancel(); });
  body_share_.release();
  readers_.clear();
  first_.reset();
  work_.reset();
  if (shard_member::is_linked())
    shard_member::unlink();
  self_at_work_.reset(); // who called this holds one, too
}

void keyed_run::give_up(const char* why) noexcept {
  attempt([&] {
    shard_->log.error("request failed", {{"request", request_.id}, {"detail", why}});
  });
  const auto work = std::exchange(work_, nullptr);
  attempt([&] {
    if (work)
      work->on_gone();
  });
  if (over_)
    return;
  try {
    if (!log_->over()) {
      note_outcome(internal_failure.code, {});
      if (log_->head() && log_->head()->streamed)
        append({}, stream_piece::cut);
      else
        reply_problem(*this, internal_failure);
    }
    settle();
  } catch (...) {
    abandon("failed");
  }
}

void keyed_run::drain() {
  if (readers_.empty())
    abandon("cancelled");
}

void keyed_run::close() {
  abandon("cancelled");
}

void keyed_run::arm() {
  const auto earliest = std::min(wake_, grace_end_);
  if (over_ || alarm_.rings_by(earliest))
    return;
  alarm_.set(earliest, [self = shared_from_this()](const boost::system::error_code& ec) {
    if (!ec)
      self->on_alarm();
  });
}

void keyed_run::on_alarm() {
  alarm_.rang();
  if (over_)
    return;
  const auto now = clock::now();
  if (grace_end_ <= now)
    return abandon("cancelled");
  guarded([&] {
    if (wake_ <= now) {
      wake_ = deadlines::never;
      if (const auto work = work_)
        work->on_wake();
    }
    arm();
  });
}

/// The line of the request that began it was written when its client left.
void keyed_run::log_end() const {
  shard_->log.info("request went on without its client",
                   {{"request", request_.id},
                    {"key", request_.caller.name},
                    {"conversation", conversation_},
                    {"model", model_},
                    {"outcome", outcome_},
                    {"prompt_tokens", used_.prompt_tokens()},
                    {"completion_tokens", used_.output_tokens},
                    {"cost_micro_usd", used_.cost_micro_usd}});
}

} // namespace ccapi::http
