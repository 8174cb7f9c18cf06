#include "actors/io/response_cache.hpp"

#include "actors/io/turn_sinks.hpp"
#include "domain/cache/cache_key.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace ccapi::actors {

namespace {

/// Memory for keys that is kept between requests.
constexpr std::size_t scratch_kept = std::size_t{64} << 10;

/// Equal requests for an answer of a certain format: whole ones may be mended, streams may not.
bool may_be_mended(const domain::chat_request& request) noexcept {
  return request.format && request.in_one_piece;
}

/// Where a run is found by those who may join it.
domain::hash128 place_of(const domain::chat_request& request) noexcept {
  auto place = request.cache_key->hash;
  place.low ^= may_be_mended(request) ? 1 : 0;
  return place;
}

} // namespace

/// A run and those who get its answer.
struct response_cache::flight {
  std::shared_ptr<const domain::cache_key> key;
  domain::hash128 place; ///< in open_
  bool may_be_mended;
  domain::shared_run log;
  domain::turn_id run = 0;
  std::shared_ptr<reader> first{}; ///< who the conversation is for
};

/// What the run's turn tells.
class response_cache::run_sink final : public domain::event_sink {
public:
  run_sink(response_cache& owner, std::shared_ptr<flight> of)
    : owner_{owner},
      alive_{owner.alive_},
      of_{std::move(of)} {}

  void on_event(domain::event&& what) override {
    const auto of = of_; // the last reader may leave meanwhile, and this sink end with it
    if (*alive_)
      owner_.on_run_event(*of, std::move(what));
  }
  void on_flush() override {
    const auto of = of_;
    if (*alive_)
      owner_.on_run_flush(*of);
  }

private:
  response_cache& owner_;
  const std::shared_ptr<const bool> alive_;
  const std::shared_ptr<flight> of_;
};

response_cache::response_cache(caf::actor_config& config, io_home& home, io_shard& shard,
                               turn_runner& runner)
  : on_io{config, home},
    shard_{shard},
    runner_{&runner},
    shelf_{limits()} {}

void response_cache::connect(std::vector<response_cache_actor> all) {
  all_ = std::move(all);
}

response_cache::behavior_type response_cache::make_behavior() {
  context(&home());
  return {
    [this](join_run& what) {
      join(what.turn, std::move(what.request),
           std::make_shared<remote_sink>([this, turn = what.turn, origin = what.origin](
                                           std::vector<domain::event> batch, bool /*over*/) {
             send(origin, turn_events{turn, std::move(batch)});
           }));
    },
    [this](const cancel_turn& what) { leave(what.turn); },
    [this](const grant_credit& what) { grant(what.turn, what.bytes); },
    [this](const answer_kept& what) { table_.add(what.entry); },
    [this](const answer_dropped& what) { table_.drop(*what.entry); },
    [this](const feed_readers&) { on_feed_readers(); },
  };
}

void response_cache::on_exit() {
  detach();
}

void response_cache::detach() {
  *alive_ = false;
  runner_ = nullptr;
  all_.clear(); // it is in there itself
  open_.clear();
  seats_.clear();
}

domain::answer_shelf::limits response_cache::limits() const noexcept {
  const auto& wanted = shard_.settings.cache;
  const auto shards = shard_.placement.shards();
  return {.entries_max = std::max<std::size_t>(wanted.max_entries / shards, 1),
          .bytes_max = wanted.bytes_max / shards,
          .entry_bytes_max = wanted.entry_bytes_max,
          .age_max = std::chrono::seconds{wanted.ttl_seconds}};
}

// -- kept answers --------------------------------------------------------------------------------

domain::cache_finding response_cache::look_up(domain::chat_request& request,
                                              const domain::cache_rules& allowed) {
  using domain::cache_use;
  const auto& wanted = shard_.settings.cache;
  if (!wanted.enabled)
    return {.use = cache_use::off};
  const auto bypass = [this] {
    ++shard_.totals.cache_bypasses;
    return domain::cache_finding{.use = cache_use::bypass};
  };
  if ((!allowed.read && !allowed.keep)
      || !domain::may_be_cached(request, wanted.scope == config::cache_scope::all))
    return bypass();
  if (scratch_.capacity() > scratch_kept)
    std::string{}.swap(scratch_);
  scratch_.clear();
  const domain::cache_context context{.default_system_prompt = shard_.settings.claude.system_prompt,
                                      .cli_version = shard_.health.cli_version,
                                      .unasked = shard_.settings.claude.thinking
                                                     == config::thinking_policy::off
                                                   ? domain::thinking_default::off
                                                   : domain::thinking_default::as_cli,
                                      .refused = shard_.models->look_up(request.model).refused};
  if (!domain::append_cache_key(request, context, wanted.entry_bytes_max, scratch_))
    return bypass();
  const auto hash = (*shard_.cache_hasher)(scratch_);
  const std::chrono::seconds ttl{wanted.ttl_seconds};
  const auto age_max = std::min(ttl, allowed.age_max.value_or(ttl));
  if (allowed.read)
    if (const auto* entry = table_.find(hash, scratch_, now(), age_max)) {
      ++shard_.totals.cache_hits;
      if (!shelf_.touch(**entry))
        (*entry)->used.store(true, std::memory_order_relaxed);
      return {.use = cache_use::hit,
              .answer = {*entry, &(*entry)->answer},
              .age = std::chrono::floor<std::chrono::seconds>(now() - (*entry)->made_at)};
    }
  if (allowed.keep)
    request.cache_key = std::make_shared<const domain::cache_key>(
      domain::cache_key{hash, scratch_, allowed.read, age_max});
  if (!allowed.read)
    return bypass();
  ++shard_.totals.cache_misses;
  return {.use = cache_use::miss};
}

void response_cache::keep(const flight& ended) {
  auto said = ended.log.answer();
  if (!said || !shard_.settings.cache.enabled)
    return;
  auto entry = std::make_shared<const domain::cache_entry>(ended.key->hash, ended.key->bytes,
                                                           *std::move(said), now());
  if (shelf_.keep(entry, now(), dropped_)) {
    table_.add(entry);
    tell_others(answer_kept{entry});
  }
  tell_dropped();
}

void response_cache::tell_dropped() {
  for (const auto& each : dropped_) {
    table_.drop(*each);
    tell_others(answer_dropped{each});
  }
  dropped_.clear();
}

template <class Message>
void response_cache::tell_others(const Message& what) {
  for (std::size_t shard = 0; shard < all_.size(); ++shard)
    if (shard != shard_.placement.here().shard)
      send(all_[shard], what);
}

void response_cache::settings_changed() {
  if (shard_.settings.cache.enabled)
    shelf_.set_limits(limits(), now(), dropped_);
  else
    shelf_.clear(dropped_);
  tell_dropped();
}

void response_cache::fill_in(domain::stats& figures) {
  shelf_.expire(now(), dropped_);
  tell_dropped();
  figures.cache_entries = shelf_.size();
  figures.cache_bytes = shelf_.bytes();
  figures.cache_evictions = shelf_.evictions();
}

// -- shared runs ---------------------------------------------------------------------------------

void response_cache::join(domain::turn_id turn, domain::chat_request&& request,
                          std::shared_ptr<domain::event_sink> sink) {
  if (!runner_)
    return;
  const auto key = request.cache_key;
  if (key->joins) {
    if (const auto under_way = flight_for(request)) {
      ++shard_.totals.cache_shared;
      seats_.emplace(turn, seat{under_way, under_way->log.join(turn, std::move(sink))});
      return feed_later(turn);
    }
    if (replay(turn, *key, sink))
      return;
  }
  const auto& wanted = shard_.settings;
  auto made = std::make_shared<flight>(
    flight{.key = key,
           .place = place_of(request),
           .may_be_mended = may_be_mended(request),
           .log = domain::shared_run{{.log_bytes_max = wanted.cache.entry_bytes_max,
                                      .window = wanted.limits.stream_buffer_bytes}}});
  made->first = made->log.join(turn, std::move(sink));
  seats_.emplace(turn, seat{made, made->first});
  if (key->joins)
    open_.insert_or_assign(made->place, made);
  try {
    start(made, std::move(request));
  } catch (...) { // out of memory: nobody may join what does not run
    seats_.erase(turn);
    close(*made);
    throw;
  }
}

std::shared_ptr<response_cache::flight>
response_cache::flight_for(const domain::chat_request& request) {
  const auto found = open_.find(place_of(request));
  if (found == open_.end())
    return nullptr;
  const auto& there = *found->second;
  return there.log.admits() && there.may_be_mended == may_be_mended(request)
             && there.key->bytes == request.cache_key->bytes
           ? found->second
           : nullptr;
}

void response_cache::start(const std::shared_ptr<flight>& made, domain::chat_request&& request) {
  request.cache_key.reset();
  made->run = runner_->run(std::move(request), std::make_shared<run_sink>(*this, made));
}

/// The run that it could have joined may just have ended, and the client's thread not know it yet.
bool response_cache::replay(domain::turn_id turn, const domain::cache_key& key,
                            const std::shared_ptr<domain::event_sink>& sink) {
  const auto* const entry = table_.find(key.hash, key.bytes, now(), key.age_max);
  if (!entry)
    return false;
  const auto& said = (*entry)->answer;
  auto made = std::make_shared<flight>(
    flight{.key = {},
           .place = {},
           .may_be_mended = false,
           .log = domain::shared_run{{.log_bytes_max = std::numeric_limits<std::size_t>::max()}}});
  made->log.take(domain::answer_started{.model = said.model});
  if (!said.reasoning.empty())
    made->log.take(domain::reasoning_delta{said.reasoning});
  made->log.take(domain::text_delta{said.text});
  made->log.take(domain::turn_finished{.usage = said.usage, .model = said.model});
  seats_.emplace(turn, seat{made, made->log.join(turn, sink)});
  feed_later(turn);
  return true;
}

void response_cache::leave(domain::turn_id turn) {
  const auto found = seats_.find(turn);
  if (found == seats_.end())
    return;
  const auto [in, who] = std::move(found->second);
  seats_.erase(found);
  if (!in->log.leave(*who))
    return settle(*in); // the slowest may have been this one
  if (in->log.over())
    return;
  close(*in);
  if (runner_)
    runner_->cancel(in->run);
}

void response_cache::grant(domain::turn_id turn, std::size_t bytes) {
  const auto found = seats_.find(turn);
  if (found == seats_.end())
    return;
  const auto& [in, who] = found->second;
  in->log.grant(*who, bytes);
  settle(*in);
  feed_later(turn);
}

/// Gives the run the credit that it is due.
void response_cache::settle(flight& about) {
  if (const auto due = about.log.take_release(); due > 0 && runner_ && about.run != 0)
    runner_->acknowledge(about.run, due);
}

/// A sink hears nothing from inside its own calls.
void response_cache::feed_later(domain::turn_id turn) {
  if (to_feed_.empty())
    send(this, feed_readers{});
  to_feed_.push_back(turn);
}

void response_cache::on_feed_readers() {
  for (const auto turn : std::exchange(to_feed_, {})) {
    const auto found = seats_.find(turn);
    if (found == seats_.end())
      continue;
    const auto [in, who] = found->second;
    in->log.feed(*who);
    if (who->done())
      forget(*who);
    else
      in->log.flush(*who);
  }
}

void response_cache::on_run_event(flight& from, domain::event&& what) {
  // A conversation belongs to one client: those who have joined its run shall not meet in it.
  if (std::holds_alternative<domain::turn_accepted>(what))
    return from.log.tell(*from.first, std::move(what));
  from.log.take(std::move(what));
  if (from.log.over()) {
    close(from);
    keep(from); // first, so that whoever asks next finds it
  }
  if (!from.log.over())
    return from.log.feed_all();
  const auto readers = from.log.readers();
  from.log.feed_all();
  for (const auto& each : readers)
    if (each->done())
      forget(*each);
}

void response_cache::on_run_flush(flight& from) {
  from.log.flush_all();
}

/// Nobody else may join it.
void response_cache::close(flight& ended) {
  if (const auto found = open_.find(ended.place);
      found != open_.end() && found->second.get() == &ended)
    open_.erase(found);
}

} // namespace ccapi::actors
