#pragma once
// io_shard: what the actors of one I/O thread share. Used on that thread only, so without locks.

#include "actors/interfaces.hpp"
#include "actors/io/asio_host.hpp"
#include "actors/turns/conversation_directory.hpp"
#include "config/settings.hpp"
#include "domain/cache/cache_key.hpp"
#include "domain/dialogue/opening.hpp"
#include "domain/dialogue/placement.hpp"
#include "domain/ids.hpp"
#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"
#include "domain/models/model_knowledge.hpp"
#include "domain/turn/retry.hpp"
#include "observe/log.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace ccapi::actors {

/// Made by the composition root before the thread runs; outlives the actors on it.
struct io_shard {
  io_home& home;
  domain::placement placement;
  /// A copy of this thread's own; a front end replaces it when the configuration is read anew.
  config::settings settings;
  observe::logger log;
  supervisor_actor supervisor;
  /// This thread's front end: hears of processes that end. Null before it is made and when it has
  /// ended.
  process_listener_actor front_end;
  /// What /health tells; the supervisor keeps it up to date by mail.
  domain::health health;
  /// This thread's part of /stats.
  domain::stats totals;
  conversation_directory conversations;
  std::shared_ptr<domain::model_knowledge> models; ///< of all threads
  /// Of all threads.
  std::shared_ptr<domain::asked_openings> asked = std::make_shared<domain::asked_openings>();
  std::shared_ptr<const domain::cache_hasher> cache_hasher{}; ///< of all threads
  domain::retry_budget retries{settings.retry.budget_percent, placement.shards()};
  std::uint64_t numbers_given = 0;
  bool closing = false; ///< the gateway ends: no process rests any more
  std::minstd_rand dice{std::random_device{}()};

  [[nodiscard]] domain::retry_options retry_policy() const noexcept {
    return {.attempts_max = settings.retry.attempts, .backoff = settings.retry.backoff};
  }

  /// This thread's part of what may be remembered.
  [[nodiscard]] std::size_t records_max() const noexcept {
    return std::max<std::size_t>(settings.conversation.stored_max / placement.shards(), 1);
  }
  [[nodiscard]] std::size_t record_bytes_max() const noexcept {
    return settings.conversation.stored_bytes_max / placement.shards();
  }

  /// In [0, 1): spreads what would else happen at the same moment. Not for secrets.
  double chance() { return std::uniform_real_distribution<double>{}(dice); }

  /// Names a turn or a lease.
  std::uint64_t unique_number() noexcept {
    return domain::unique_number(placement.here(), numbers_given++);
  }
};

} // namespace ccapi::actors
