#include "app.hpp"

#include "actors/cli_installation.hpp"
#include "actors/front_end.hpp"
#include "actors/gateway_client.hpp"
#include "actors/stats_collector.hpp"
#include "actors/supervisor.hpp"
#include "domain/model_catalog.hpp"
#include "http/listener.hpp"
#include "observe/log.hpp"
#include "process/executable.hpp"
#include "process/launcher.hpp"
#include "startup_text.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace ccapi {

namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int exit_configuration = 78; // EX_CONFIG of sysexits.h
constexpr auto poll_interval = 10ms;
/// For threads to run out of work at the very end.
constexpr auto thread_end_timeout = 2s;

struct caf_settings : caf::actor_system_config {
  explicit caf_settings(std::size_t threads) {
    add_message_types<caf::id_block::ccapi>();
    // The default policy wakes idle workers by polling: tens of microseconds a hop.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", threads);
  }
};

/// One I/O thread with its actors.
struct io_thread {
  io_thread(caf::actor_system& system, std::size_t index, std::size_t count,
            const config::settings& settings, const observe::logger& log,
            const actors::supervisor_actor& supervisor, const domain::health& health)
    : home{system, loop},
      shard{.home = home,
            .index = index,
            .count = count,
            .settings = settings,
            .log = log,
            .supervisor = supervisor,
            .health = health,
            .totals = {},
            .conversations = {std::max<std::size_t>(settings.conversation.stored_max / count, 1),
                              settings.conversation.stored_bytes_max / count}},
      front_end{actors::spawn_on<actors::front_end>(home, std::ref(shard))},
      gateway{front_end_object()} {}

  actors::front_end& front_end_object() const {
    return static_cast<actors::front_end&>(*caf::actor_cast<caf::abstract_actor*>(front_end));
  }

  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running{loop.get_executor()};
  actors::io_home home;
  actors::io_shard shard;
  actors::front_end_actor front_end;
  actors::gateway_client gateway;
  asio::steady_timer timer{loop}; // from the start: the loop's descriptors then never grow
  std::thread thread;
  std::promise<void> ended;
};

/// Start order: launcher, supervisor, front ends, listener. The end: ~gateway_program.
class gateway_program {
public:
  gateway_program(const config::settings& settings, observe::logger log, std::string shim,
                  actors::cli_installation cli)
    : settings_{settings},
      log_{std::move(log)},
      cli_{std::move(cli)},
      launcher_{std::move(shim)},
      models_{settings.models.default_model, settings.models.aliases, settings.models.list},
      caf_settings_{cores()},
      system_{caf_settings_},
      supervisor_{system_.spawn(actors::supervisor, supervisor_options())} {
    const std::size_t count = settings.server.io_threads ? settings.server.io_threads : cores();
    for (std::size_t index = 0; index < count; ++index)
      threads_.push_back(std::make_unique<io_thread>(system_, index, count, settings_, log_,
                                                     supervisor_, cli_.health));
    connect_actors();
    end_program_with(supervisor_, "supervisor");
    for (const auto& each : threads_)
      end_program_with(each->front_end, "front end");
    std::vector<http::worker> workers;
    for (const auto& each : threads_)
      workers.push_back({each->loop, each->gateway});
    server_.emplace(std::move(workers), settings.server, settings.limits, models_,
                    settings.models.echo_requested, CCAPI_VERSION, log_);
    signals_.emplace(threads_.front()->loop, SIGTERM, SIGINT, SIGHUP);
  }

  ~gateway_program() {
    // Whatever child is left ends while the I/O threads still run: their actors hear of it. An
    // answer from the supervisor means that all it had to pass on is out.
    launcher_.stop();
    caf::scoped_actor self{system_};
    self->request(supervisor_, 1s, actors::collect{})
      .receive([](const domain::stats&) {}, [](const caf::error&) {});
    for (const auto& each : threads_)
      caf::anon_send_exit(each->front_end, caf::exit_reason::user_shutdown);
    end_threads();
    server_.reset();
    caf::anon_send_exit(collector_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  }

  /// Returns the exit code.
  int run() {
    if (auto tls = server_->use_tls(settings_.tls); !tls) {
      log_.error(tls.error().message, {{"detail", tls.error().detail}});
      return exit_configuration;
    }
    auto addresses = server_->open();
    if (!addresses) {
      log_.error(addresses.error().message, {{"detail", addresses.error().detail}});
      return addresses.error().code == domain::error_code::invalid_request ? exit_configuration : 1;
    }
    on_signal();
    for (const auto& each : threads_) {
      // An exception here is a defect that left some turn in the air: noexcept ends the program
      // (and with it, by the life pipes, every child) rather than one thread in silence.
      each->thread = std::thread{[io = each.get()]() noexcept {
        io->loop.run();
        io->ended.set_value();
      }};
    }
    server_->start();
    announce(*addresses);
    done_.get_future().wait();
    log_.info("gateway ends");
    return 0;
  }

private:
  static std::size_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

  actors::supervisor_options supervisor_options() {
    return {.start =
              [this](auto id, auto spec, auto spawned, auto exited) {
                launcher_.spawn(id, std::move(spec), std::move(spawned), std::move(exited));
              },
            .pool = {.processes_max = settings_.claude.max_concurrent_sessions,
                     .queue_max = settings_.limits.queue_max,
                     .queue_timeout = settings_.limits.queue_timeout},
            .breaker = {.failures_max = settings_.supervision.start_failures_max,
                        .period = settings_.supervision.start_failures_period,
                        .pause = settings_.supervision.start_pause,
                        .pause_max = settings_.supervision.start_pause_max},
            .spec_for = [this](const std::string& model) { return cli_.spec_for(model); },
            .health = cli_.health,
            .log = log_};
  }

  /// Without this actor nothing works; a fresh start is better than a gateway that only refuses.
  template <class Handle>
  static void end_program_with(const Handle& actor, const char* name) {
    caf::actor_cast<caf::abstract_actor*>(actor)->attach_functor([name](const caf::error& why) {
      if (why == caf::exit_reason::user_shutdown)
        return;
      std::fprintf(stderr, "claude-code-api: the %s ended; so does the program\n", name);
      std::abort(); // children end by their life pipes
    });
  }

  void connect_actors() {
    std::vector<actors::front_end_actor> front_ends;
    std::vector<actors::status_client_actor> sources{supervisor_};
    actors::attach_listeners listeners;
    for (const auto& each : threads_) {
      front_ends.push_back(each->front_end);
      sources.emplace_back(each->front_end);
      listeners.listeners.emplace_back(each->front_end);
    }
    collector_ = system_.spawn(actors::stats_collector, std::move(sources));
    for (const auto& each : threads_)
      each->front_end_object().connect(front_ends, collector_);
    caf::anon_send(supervisor_, std::move(listeners));
  }

  void announce(const std::vector<std::string>& addresses) {
    for (const auto& address : addresses)
      log_.info("gateway listens", {{"address", address}});
    if (settings_.log.format == "text") {
      std::fputs(startup_text(CCAPI_VERSION, addresses, cli_.health, settings_).c_str(), stdout);
      std::fflush(stdout);
    }
  }

  // -- the end, step by step on the first I/O thread --

  void on_signal() {
    signals_->async_wait([this](const boost::system::error_code& failure, int number) {
      if (failure)
        return;
      on_signal();
      if (number == SIGHUP) // kept for reading the configuration anew
        return log_.info("SIGHUP changes nothing yet: restart to read the configuration anew");
      if (std::exchange(draining_, true)) {
        log_.warning("gateway stops at once", {{"signal", number}});
        deadline_ = clock::now();
        return;
      }
      log_.info("gateway drains", {{"signal", number}});
      deadline_ = clock::now() + settings_.limits.drain_timeout;
      server_->stop_accepting();
      caf::anon_send(supervisor_, actors::drain{});
      wait_for_turns();
    });
  }

  void wait_for_turns() {
    when([](const domain::stats& now) { return now.turns_active == 0; },
         [this] {
           for (const auto& each : threads_)
             caf::anon_send(each->front_end, actors::close_all{});
           deadline_ = clock::now() + 3 * settings_.claude.close_grace;
           wait_for_processes();
         });
  }

  void wait_for_processes() {
    when([](const domain::stats& now) { return now.processes_live == 0; },
         [this] {
           server_->when_empty([this] {
             signals_->cancel();
             done_.set_value();
           });
           server_->close_all();
         });
  }

  /// Runs `then` when the figures satisfy `condition`, or at deadline_.
  template <class Condition, class Then>
  void when(Condition condition, Then then) {
    threads_.front()->gateway.collect_stats([this, condition, then](const domain::stats& now) {
      if (condition(now) || clock::now() >= deadline_)
        return then();
      auto& timer = threads_.front()->timer;
      timer.expires_after(poll_interval);
      timer.async_wait(
        [this, condition, then](const boost::system::error_code&) { when(condition, then); });
    });
  }

  void end_threads() {
    for (const auto& each : threads_)
      each->keep_running.reset();
    for (const auto& each : threads_) {
      if (!each->thread.joinable()) {
        each->loop.poll(); // never ran: its actors end here
        continue;
      }
      if (each->ended.get_future().wait_for(thread_end_timeout) != std::future_status::ready) {
        log_.warning("I/O thread had work left at the end");
        each->loop.stop();
      }
      each->thread.join();
    }
  }

  const config::settings& settings_;
  observe::logger log_;
  actors::cli_installation cli_;
  process::launcher launcher_;
  domain::model_catalog models_;
  caf_settings caf_settings_;
  caf::actor_system system_;
  actors::supervisor_actor supervisor_;
  actors::stats_collector_actor collector_;
  std::vector<std::unique_ptr<io_thread>> threads_;
  std::optional<http::server> server_;
  std::optional<asio::signal_set> signals_;
  clock::time_point deadline_;
  bool draining_ = false;
  std::promise<void> done_;
};

} // namespace

int run(const config::settings& settings) {
  std::signal(SIGPIPE, SIG_IGN); // a broken pipe is an error code, not the end
  const observe::logger log{
    observe::level_from(settings.log.level).value_or(observe::log_level::info),
    observe::format_from(settings.log.format).value_or(observe::log_format::text)};
  auto shim = process::find_shim(CCAPI_LIBEXEC_DIR);
  if (!shim) {
    log.error(shim.error().message);
    return 1;
  }
  auto cli = actors::find_installation(settings.claude, *shim, environ, log);
  gateway_program program{settings, log, *std::move(shim), std::move(cli)};
  return program.run();
}

} // namespace ccapi
