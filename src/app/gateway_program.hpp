#pragma once
// gateway_program: everything that runs. Made, started and ended in order.

#include "actors/interfaces.hpp"
#include "actors/messages.hpp"
#include "actors/pool/cli_installation.hpp"
#include "actors/pool/supervisor.hpp"
#include "app/app.hpp"
#include "app/io_thread.hpp"
#include "app/main_mail.hpp"
#include "config/settings.hpp"
#include "domain/dialogue/opening.hpp"
#include "domain/models/model_knowledge.hpp"
#include "domain/result.hpp"
#include "domain/store/backlog.hpp"
#include "domain/store/store.hpp"
#include "http/listener.hpp"
#include "observe/log.hpp"
#include "process/launcher.hpp"

#include <boost/asio/signal_set.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ccapi {

/// Start order: launcher, supervisor, store, front ends, listener, threads. The end:
/// ~gateway_program. Belongs to the main thread.
class gateway_program {
public:
  gateway_program(const config::settings& settings, const config_loader& load_again,
                  observe::logger log, std::string shim, actors::cli_installation cli,
                  std::unique_ptr<domain::store> store);
  ~gateway_program();
  gateway_program(const gateway_program&) = delete;
  gateway_program& operator=(const gateway_program&) = delete;

  /// Listens, and lets the threads run. Throws std::system_error (or Boost's) where a thread or a
  /// descriptor can't be had.
  /// Gives the addresses. Fails with: as http::server::open.
  domain::result<std::vector<std::string>> start();
  /// Until a signal ends it.
  void serve(const std::vector<std::string>& addresses);

  /// Beside the main thread.
  static std::size_t threads_needed(const config::settings& settings);

private:
  using clock = std::chrono::steady_clock;

  struct caf_settings : caf::actor_system_config {
    explicit caf_settings(std::size_t threads);
  };

  actors::supervisor_options supervisor_options();
  void make_threads();
  void connect_actors();
  /// Takes over a configuration without mistakes, whole; of any other nothing. Main thread.
  void reload();

  // -- the end, step by step on the first I/O thread --
  void on_signal();
  void wait_for_turns();
  void wait_for_processes();
  /// Runs `then` when the figures satisfy `condition`, or at deadline_.
  void when(bool (*condition)(const domain::stats&), std::function<void()> then);
  void end_threads();

  config::settings settings_; ///< in force; main thread only, once the others run
  const config_loader& load_again_;
  observe::logger log_;
  actors::cli_installation cli_;
  std::shared_ptr<domain::model_knowledge> models_ = std::make_shared<domain::model_knowledge>();
  actors::account_books account_;
  std::shared_ptr<domain::asked_openings> asked_ = std::make_shared<domain::asked_openings>();
  std::shared_ptr<const domain::cache_hasher> cache_hasher_ =
    std::make_shared<const domain::cache_hasher>();
  process::launcher launcher_;
  caf_settings caf_settings_;
  caf::actor_system system_;
  actors::supervisor_actor supervisor_;
  actors::conversation_store_actor store_; ///< null: conversations are kept in memory only
  std::shared_ptr<domain::store_backlog> store_backlog_;
  actors::stats_collector_actor collector_;
  actors::attach_listeners listeners_; ///< until the threads run
  std::vector<std::unique_ptr<io_thread>> threads_;
  std::optional<http::server> server_;
  std::optional<boost::asio::signal_set> signals_;
  clock::time_point deadline_;
  bool draining_ = false;
  main_mail mail_;
};

} // namespace ccapi
