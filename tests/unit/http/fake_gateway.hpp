#pragma once
// fake_gateway: a scripted domain::gateway without actors. Turns are played on its loop, within
// the credit that a real one would have; tests look at it from their own thread.

#include "domain/turn/gateway.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::http::test {

class fake_gateway final : public domain::gateway {
public:
  using script = std::vector<domain::event>;

  fake_gateway(boost::asio::io_context& loop, std::size_t credit)
    : loop_{loop},
      credit_{credit} {}

  // Any thread.

  /// What turns play by themselves; an empty script leaves them open.
  void play(script events) {
    const std::lock_guard lock{mutex_};
    script_ = std::move(events);
  }
  /// Events for a turn that is open, as one readable batch.
  void send(domain::turn_id turn, script events) {
    boost::asio::post(loop_, [this, turn, events = std::move(events)]() mutable {
      queue(turn, std::move(events));
    });
  }
  /// The event for each of the turns, by turns, so many times, as one readable batch.
  void send_by_turns(std::vector<domain::turn_id> turns, domain::event each, std::size_t times) {
    boost::asio::post(loop_, [this, turns = std::move(turns), each = std::move(each), times] {
      for (const auto turn : turns)
        turns_.at(turn).waiting.assign(times, each);
      for (bool delivered_one = true; delivered_one;) {
        delivered_one = false;
        for (const auto turn : turns)
          delivered_one = deliver_next(turn) || delivered_one;
      }
      for (const auto turn : turns)
        pump(turn);
    });
  }
  /// What throws from now on.
  enum class call : std::uint8_t { none, submit, acknowledge, cancel, health };
  void fail_at(call which) { failing_ = which; }
  /// It has a store, in which are these.
  using record_map = std::map<std::pair<std::string, std::string>, domain::idempotency_record>;
  void keep_records(record_map kept) {
    const std::lock_guard lock{mutex_};
    records = std::move(kept);
    has_store_ = true;
  }
  void set_spent_today(std::int64_t micro_usd) { spent_today_ = micro_usd; }
  void set_health(domain::health value) { health_ = std::move(value); }

  /// False if it does not come true within ten seconds.
  template <class Condition>
  bool wait_until(Condition condition) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{10}, condition);
  }
  bool wait_for_turns(std::size_t count) {
    return wait_until([&] { return accepted_ >= count; });
  }
  bool wait_for_cancel(domain::turn_id turn) {
    return wait_until([&] { return cancelled.contains(turn); });
  }

  std::size_t delivered_now() {
    const std::lock_guard lock{mutex_};
    return delivered;
  }

  // Read within wait_until's condition, or when nothing is going on.
  std::vector<domain::chat_request> requests;
  std::map<domain::turn_id, std::chrono::steady_clock::time_point> cancelled;
  std::size_t outstanding = 0; ///< bytes of deltas without acknowledgement, all turns
  std::size_t acknowledged = 0;
  std::size_t delivered = 0;
  std::map<std::string, domain::conversation_info> conversations; ///< by "tenant/id"
  record_map records;                                             ///< by tenant and key
  std::size_t records_asked = 0;                                  ///< times that one was looked for
  std::vector<domain::cache_rules> cache_asked;
  domain::cache_finding cache_finds{}; ///< set it before anything is asked

  // domain::gateway

  domain::cache_finding look_up(domain::chat_request&,
                                const domain::cache_rules& allowed) override {
    const std::lock_guard lock{mutex_};
    cache_asked.push_back(allowed);
    return allowed.read ? cache_finds : domain::cache_finding{.use = domain::cache_use::bypass};
  }
  domain::turn_id submit(domain::chat_request request,
                         std::shared_ptr<domain::event_sink> sink) override {
    fail_if(call::submit);
    const std::lock_guard lock{mutex_};
    const auto turn = ++last_turn_;
    auto conversation = request.conversation_id.value_or("conversation-" + std::to_string(turn));
    requests.push_back(std::move(request));
    turns_[turn].sink = std::move(sink);
    send(turn, {domain::turn_accepted{std::move(conversation)}});
    if (!script_.empty())
      send(turn, script_);
    changed_.notify_all();
    return turn;
  }
  void cancel(domain::turn_id turn) override {
    fail_if(call::cancel);
    const std::lock_guard lock{mutex_};
    if (turns_.erase(turn) > 0)
      cancelled.emplace(turn, std::chrono::steady_clock::now());
    changed_.notify_all();
  }
  void acknowledge(domain::turn_id turn, std::size_t bytes) override {
    fail_if(call::acknowledge);
    const std::lock_guard lock{mutex_};
    acknowledged += bytes;
    outstanding -= bytes;
    boost::asio::post(loop_, [this, turn] { pump(turn); });
    changed_.notify_all();
  }
  void create_conversation(
    std::string tenant, domain::new_conversation wanted,
    std::function<void(domain::result<domain::conversation_info>)> done) override {
    const std::lock_guard lock{mutex_};
    domain::conversation_info made;
    made.id = "conv_" + std::to_string(conversations.size());
    made.model = std::move(wanted.model);
    made.labels = std::move(wanted.labels);
    conversations[tenant + '/' + made.id] = made;
    boost::asio::post(loop_, [done, made] { done(made); });
  }
  void
  list_conversations(domain::page_query query, std::string /*after*/,
                     std::function<void(domain::result<domain::conversation_page>)> done) override {
    const std::lock_guard lock{mutex_};
    domain::conversation_page page;
    for (const auto& [key, each] : conversations)
      if (key.starts_with(query.tenant + '/'))
        page.entries.push_back({each.id, each.updated_at});
    boost::asio::post(loop_, [done, query, page] { done(domain::merge_pages({page}, query)); });
  }
  void
  label_conversation(domain::conversation_name name, domain::conversation_labels labels,
                     std::function<void(domain::result<domain::conversation_info>)> done) override {
    {
      const std::lock_guard lock{mutex_};
      const auto found = conversations.find(name.tenant + '/' + name.id);
      if (found != conversations.end())
        found->second.labels = std::move(labels);
    }
    show_conversation(std::move(name), std::move(done));
  }
  void
  show_conversation(domain::conversation_name name,
                    std::function<void(domain::result<domain::conversation_info>)> done) override {
    const std::lock_guard lock{mutex_};
    const auto found = conversations.find(name.tenant + '/' + name.id);
    if (found == conversations.end())
      boost::asio::post(loop_, [done] { done(unknown_conversation()); });
    else
      boost::asio::post(loop_, [done, info = found->second] { done(info); });
  }
  void remove_conversation(
    domain::conversation_name name,
    std::function<void(domain::result<domain::conversation_info>)> done) override {
    show_conversation(name, std::move(done));
    const std::lock_guard lock{mutex_};
    conversations.erase(name.tenant + '/' + name.id);
  }
  bool find_idempotency_record(
    const std::string& tenant, const std::string& key,
    std::function<void(const std::shared_ptr<const domain::idempotency_record>&)> done) override {
    const std::lock_guard lock{mutex_};
    if (!has_store_)
      return false;
    ++records_asked;
    const auto found = records.find({tenant, key});
    boost::asio::post(loop_, [done, record = found == records.end()
                                               ? nullptr
                                               : std::make_shared<const domain::idempotency_record>(
                                                 found->second)] { done(record); });
    changed_.notify_all();
    return true;
  }
  void keep_idempotency_record(domain::idempotency_record record) override {
    const std::lock_guard lock{mutex_};
    if (has_store_)
      records.insert_or_assign({record.tenant, record.key}, std::move(record));
    changed_.notify_all();
  }
  const domain::health& current_health() const override {
    fail_if(call::health);
    return health_;
  }
  domain::stats& totals() override { return totals_; }
  std::int64_t spent_today(std::string_view) const override { return spent_today_; }
  void collect_stats(std::function<void(const domain::stats&)> done) override {
    boost::asio::post(loop_, [this, done = std::move(done)] {
      auto figures = totals_;
      figures.turns_submitted = 7;
      done(figures);
    });
  }

private:
  void fail_if(call which) const {
    if (failing_.load() == which)
      throw std::runtime_error{"the gateway fails"};
  }

  static domain::error unknown_conversation() {
    return {.code = domain::error_code::not_found, .message = "Conversation not found"};
  }

  struct turn_state {
    std::shared_ptr<domain::event_sink> sink;
    std::deque<domain::event> waiting;
  };

  void queue(domain::turn_id turn, script events) {
    const auto found = turns_.find(turn);
    if (found == turns_.end())
      return;
    for (auto& event : events)
      found->second.waiting.push_back(std::move(event));
    pump(turn);
  }

  void pump(domain::turn_id turn) {
    const auto found = turns_.find(turn);
    if (found == turns_.end())
      return;
    const auto sink = found->second.sink;
    while (deliver_next(turn)) {
    }
    sink->on_flush();
  }

  /// False: there is nothing, or no credit for it.
  bool deliver_next(domain::turn_id turn) {
    const auto found = turns_.find(turn);
    if (found == turns_.end() || found->second.waiting.empty() || outstanding >= credit_)
      return false;
    const auto sink = found->second.sink;
    auto event = std::move(found->second.waiting.front());
    found->second.waiting.pop_front();
    {
      const std::lock_guard lock{mutex_};
      outstanding += domain::credit_bytes(event);
      delivered += domain::credit_bytes(event);
      accepted_ += std::holds_alternative<domain::turn_accepted>(event) ? 1 : 0;
      if (domain::is_terminal(event))
        turns_.erase(found);
      changed_.notify_all();
    }
    sink->on_event(std::move(event));
    return true;
  }

  boost::asio::io_context& loop_;
  const std::size_t credit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<domain::turn_id, turn_state> turns_;
  domain::turn_id last_turn_ = 0;
  std::size_t accepted_ = 0;
  bool has_store_ = false;
  script script_;
  domain::health health_;
  domain::stats totals_;
  std::atomic<std::int64_t> spent_today_{0};
  std::atomic<call> failing_{call::none};
};

} // namespace ccapi::http::test
