#pragma once
// io_shard: what the actors of one I/O thread share. Used on that thread only, so without locks.

#include "actors/interfaces.hpp"
#include "actors/io/asio_host.hpp"
#include "actors/turns/conversation_directory.hpp"
#include "config/settings.hpp"
#include "domain/cache/cache_key.hpp"
#include "domain/daily_spending.hpp"
#include "domain/dialogue/opening.hpp"
#include "domain/dialogue/placement.hpp"
#include "domain/ids.hpp"
#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"
#include "domain/metrics/turn_times.hpp"
#include "domain/models/model_knowledge.hpp"
#include "domain/rate_limits.hpp"
#include "domain/store/backlog.hpp"
#include "domain/token_bucket.hpp"
#include "domain/turn/retry.hpp"
#include "observe/log.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace ccapi::claude {
class session;
}

namespace ccapi::actors {

/// What all threads know of the account that turns are paid from. Never null.
struct account_books {
  std::shared_ptr<domain::rate_limits> limits = std::make_shared<domain::rate_limits>();
  std::shared_ptr<domain::daily_spending> spending = std::make_shared<domain::daily_spending>();
};

/// Made by the composition root before the thread runs; outlives the actors on it.
struct io_shard {
  io_home& home;
  domain::placement placement;
  /// A copy of this thread's own; a front end replaces it when the configuration is read anew.
  config::settings settings;
  observe::logger log;
  supervisor_actor supervisor;
  conversation_store_actor store; ///< null: conversations are kept in memory only
  /// This thread's front end: hears of processes that end. Null before it is made and when it has
  /// ended.
  process_listener_actor front_end;
  /// What /health tells; the supervisor keeps it up to date by mail.
  domain::health health;
  /// This thread's part of /stats.
  domain::stats totals;
  domain::turn_times times{}; ///< of the turns that end here
  /// Of the processes of this thread, while their actors live; for /stats.
  std::map<domain::process_id, const claude::session*> sessions{};
  conversation_directory conversations;
  std::shared_ptr<domain::model_knowledge> models; ///< of all threads
  /// Of all threads.
  std::shared_ptr<domain::store_backlog> store_backlog =
    std::make_shared<domain::store_backlog>(settings.store.queue_bytes_max);
  /// Of all threads.
  std::shared_ptr<domain::asked_openings> asked = std::make_shared<domain::asked_openings>();
  std::shared_ptr<const domain::cache_hasher> cache_hasher{}; ///< of all threads
  /// First turns without an id that may still be kept.
  domain::token_bucket unnamed_kept{};
  account_books account{}; ///< of all threads
  domain::retry_budget retries{settings.retry.budget_percent, placement.shards()};
  std::uint64_t numbers_given = 0;
  bool closing = false; ///< the gateway ends: no process rests any more
  std::minstd_rand dice{std::random_device{}()};

  [[nodiscard]] domain::retry_options retry_policy() const noexcept {
    return {.attempts_max = settings.retry.attempts, .backoff = settings.retry.backoff};
  }

  /// Of one of the times that have a histogram among the totals.
  void note_time(domain::turn_time which, domain::duration_histogram& all,
                 std::chrono::microseconds took, domain::steady_time now) noexcept {
    all.add(took);
    times.add(which, took, now);
  }

  /// This thread's part of what may be remembered.
  [[nodiscard]] std::size_t records_max() const noexcept {
    return std::max<std::size_t>(settings.conversation.stored_max / placement.shards(), 1);
  }
  [[nodiscard]] std::size_t record_bytes_max() const noexcept {
    return settings.conversation.stored_bytes_max / placement.shards();
  }

  /// This thread's part of the first turns that may be kept in a minute.
  [[nodiscard]] std::uint32_t unnamed_per_minute() const noexcept {
    return std::max(settings.store.unnamed_per_minute_max / placement.shards(), 1U);
  }

  /// In [0, 1): spreads what would else happen at the same moment. Not for secrets.
  double chance() { return std::uniform_real_distribution<double>{}(dice); }

  /// Names a turn or a lease.
  std::uint64_t unique_number() noexcept {
    return domain::unique_number(placement.here(), numbers_given++);
  }
};

} // namespace ccapi::actors
