#include "app/gateway_program.hpp"

#include "actors/conversation_store.hpp"
#include "actors/quiet_scheduler.hpp"
#include "actors/stats_collector.hpp"
#include "app/resource_limits.hpp"
#include "app/startup_text.hpp"
#include "config/reload.hpp"
#include "domain/dialogue/placement.hpp"
#include "domain/ids.hpp"
#include "http/access/start_policy.hpp"
#include "openai/protocol.hpp"

#include <boost/asio/steady_timer.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <variant>

namespace ccapi {

namespace {

using namespace std::chrono_literals;

constexpr auto poll_interval = 10ms;
/// For threads to run out of work at the very end.
constexpr auto thread_end_timeout = 2s;

/// Enough for two actors that warm turns never ask: more workers save neither time nor CPU
/// (docs/performance.md).
constexpr std::size_t caf_workers = 1;

/// There is one node only.
constexpr std::uint32_t this_node = 0;

std::uint32_t cores() {
  return std::max(1u, std::thread::hardware_concurrency());
}

std::uint32_t io_threads(const config::settings& settings) {
  return settings.server.io_threads ? settings.server.io_threads
                                    : std::min(cores(), domain::shards_max);
}

/// Without this actor nothing works; a fresh start is better than a gateway that only refuses.
template <class Handle>
void end_program_with(const Handle& actor, const char* name) {
  caf::actor_cast<caf::abstract_actor*>(actor)->attach_functor([name](const caf::error& why) {
    if (why == caf::exit_reason::user_shutdown)
      return;
    std::fprintf(stderr, "claude-code-api: the %s ended; so does the program\n", name);
    std::abort(); // children end by their life pipes
  });
}

} // namespace

gateway_program::caf_settings::caf_settings(std::size_t threads) {
  add_message_types<caf::id_block::ccapi>();
  load<actors::quiet_scheduler>();
  set("scheduler.max-threads", threads);
}

gateway_program::gateway_program(const config::settings& settings, const config_loader& load_again,
                                 observe::logger log, std::string shim,
                                 actors::cli_installation cli, std::unique_ptr<domain::store> store)
  : settings_{settings},
    load_again_{load_again},
    log_{std::move(log)},
    cli_{std::move(cli)},
    launcher_{std::move(shim)},
    caf_settings_{caf_workers},
    system_{caf_settings_},
    supervisor_{system_.spawn(actors::supervisor, supervisor_options())},
    store_backlog_{std::make_shared<domain::store_backlog>(settings_.store.queue_bytes_max)} {
  if (store) {
    store_ = system_.spawn<caf::detached>(
      actors::conversation_store,
      actors::conversation_store_options{.store = std::move(store),
                                         .keep = actors::retention_of(settings_),
                                         .commit_timeout = settings_.store.commit_timeout,
                                         .supervisor = supervisor_});
    end_program_with(store_, "store of conversations");
  }
  cli_.add_models_to(settings_.models);
  for (const auto& model : cli_.models)
    models_->learn_name(model.name, model.id);
  end_program_with(supervisor_, "supervisor");
}

gateway_program::~gateway_program() {
  // Whatever child is left ends while the I/O threads still run: their actors hear of it. An
  // answer from the supervisor means that all it had to pass on is out.
  launcher_.stop();
  caf::scoped_actor self{system_};
  self->request(supervisor_, 1s, actors::collect{})
    .receive([](const domain::stats&) {}, [](const caf::error&) {});
  for (const auto& each : threads_)
    caf::anon_send_exit(each->front_end, caf::exit_reason::user_shutdown);
  end_threads();
  // From here on a signal is too late to change anything, and must not pass for the cause of the
  // end while the log is still written.
  signals_.reset();
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    std::signal(number, SIG_IGN);
  server_.reset();
  if (collector_)
    caf::anon_send_exit(collector_, caf::exit_reason::user_shutdown);
  if (store_) // behind all that the threads have given it
    caf::anon_send_exit(store_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
}

domain::result<std::vector<std::string>> gateway_program::start() {
  make_threads();
  auto addresses = server_->open();
  if (!addresses)
    return addresses;
  on_signal();
  for (const auto& each : threads_)
    each->run();
  // Not earlier: with its listeners the supervisor starts spares, which count as threads do.
  caf::anon_send(supervisor_, std::move(listeners_));
  server_->start();
  return addresses;
}

void gateway_program::serve(const std::vector<std::string>& addresses) {
  for (const auto& warning : http::start_warnings(settings_))
    log_.warning(warning);
  announce(log_, CCAPI_VERSION, addresses, cli_.health, settings_);
  while (mail_.take() == main_mail::kind::reload)
    reload();
  log_.info("gateway ends");
}

std::size_t gateway_program::threads_needed(const config::settings& settings) {
  constexpr std::size_t log_and_launcher = 2;
  constexpr std::size_t beside_cafs_workers = 2; // its clock and its printer
  const std::size_t for_store = settings.store.enabled ? 1 : 0;
  return log_and_launcher + caf_workers + beside_cafs_workers + for_store + io_threads(settings)
         + settings.images.loads_max;
}

actors::supervisor_options gateway_program::supervisor_options() {
  return {.start =
            [this](auto id, auto spec, auto spawned, auto exited, auto spoke) {
              launcher_.spawn(id, std::move(spec), std::move(spawned), std::move(exited),
                              std::move(spoke));
            },
          .pool = actors::pool_options(settings_),
          .spares = actors::spare_options(settings_),
          .memory = actors::memory_options(settings_),
          .breaker = actors::breaker_options(settings_),
          .spec_for = [this](const domain::process_kind& kind,
                             bool ahead) { return cli_.spec_for(kind, ahead); },
          .cli_identity = [this] { return cli_.identity(); },
          .on_other_cli =
            [models = models_, limits = account_.limits] {
              models->forget();
              limits->forget();
            },
          .health = cli_.health,
          .log = log_};
}

/// What runs on the I/O threads, but not yet the threads. Not in the constructor: when it throws,
/// the destructor has to end the actors that there are by then.
void gateway_program::make_threads() {
  const auto shards = io_threads(settings_);
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    const domain::placement placement{{.node = this_node, .shard = shard}, shards};
    threads_.push_back(std::make_unique<io_thread>(system_, placement, settings_, log_, supervisor_,
                                                   cli_.health, models_, asked_, cache_hasher_,
                                                   account_, store_, store_backlog_));
    end_program_with(threads_.back()->front_end, "front end");
  }
  connect_actors();
  std::vector<http::worker> workers;
  for (const auto& each : threads_)
    workers.push_back({each->loop, each->gateway});
  server_.emplace(std::move(workers),
                  http::dialects{.openai = &openai::protocol, .otherwise = &openai::protocol},
                  within_descriptors(settings_, log_), CCAPI_VERSION, log_);
  signals_.emplace(threads_.front()->loop, SIGTERM, SIGINT, SIGHUP);
}

void gateway_program::connect_actors() {
  std::vector<actors::front_end_actor> front_ends;
  std::vector<actors::response_cache_actor> caches;
  std::vector<actors::status_client_actor> sources{supervisor_};
  for (const auto& each : threads_) {
    front_ends.push_back(each->front_end);
    caches.push_back(each->front_end_object().cache());
    sources.emplace_back(each->front_end);
    listeners_.listeners.emplace_back(each->front_end);
  }
  if (store_)
    sources.emplace_back(store_);
  collector_ = system_.spawn(actors::stats_collector, std::move(sources));
  for (const auto& each : threads_)
    each->front_end_object().connect(front_ends, caches, collector_);
}

void gateway_program::reload() {
  auto outcome = load_again_();
  if (const auto* problems = std::get_if<std::vector<config::problem>>(&outcome)) {
    for (const auto& each : *problems)
      log_.error("configuration has a mistake, the old one stays",
                 {{"where", each.where}, {"problem", each.text}});
    return;
  }
  auto& loaded = std::get<config::loaded>(outcome).values;
  cli_.add_models_to(loaded.models);
  auto plan = config::plan_reload(settings_, loaded);
  if (const auto allowed = http::check_start(plan.values); !allowed)
    return log_.error("configuration is refused, the old one stays",
                      {{"problem", allowed.error().message}});
  if (const auto read = server_->reload_tls(); !read)
    return log_.error("certificate is refused, the old configuration stays",
                      {{"problem", read.error().message}, {"detail", read.error().detail}});
  const bool had_keys = !settings_.auth.accepted.empty();
  settings_ = plan.values;
  if (const auto level = observe::level_from(settings_.log.level))
    log_.set_level(*level);
  const auto shared = std::make_shared<const config::settings>(settings_);
  caf::anon_send(supervisor_, actors::settings_changed{shared});
  if (store_)
    caf::anon_send(store_, actors::settings_changed{shared});
  for (const auto& each : threads_)
    caf::anon_send(each->front_end, actors::settings_changed{shared});
  server_->reconfigure(within_descriptors(settings_, log_));
  log_.info("configuration read anew", {{"changed", plan.changed}});
  if (had_keys && settings_.auth.accepted.empty())
    log_.warning("no API key is left: whoever reaches the gateway may use it");
  if (!plan.need_restart.empty())
    log_.warning("keys change only by a restart", {{"keys", plan.need_restart}});
}

// -- the end, step by step on the first I/O thread -----------------------------------------------

void gateway_program::on_signal() {
  signals_->async_wait([this](const boost::system::error_code& failure, int number) {
    if (failure)
      return;
    on_signal();
    if (number == SIGHUP)
      return mail_.put(main_mail::kind::reload); // reading files would block this thread
    if (std::exchange(draining_, true)) {
      log_.warning("gateway stops at once", {{"signal", number}});
      deadline_ = clock::now();
      return;
    }
    log_.info("gateway drains", {{"signal", number}});
    deadline_ = clock::now() + threads_.front()->shard.settings.limits.drain_timeout;
    server_->stop_accepting();
    caf::anon_send(supervisor_, actors::drain{});
    wait_for_turns();
  });
}

void gateway_program::wait_for_turns() {
  when([](const domain::stats& now) { return now.turns_active == 0; },
       [this] {
         for (const auto& each : threads_)
           caf::anon_send(each->front_end, actors::close_all{});
         deadline_ = clock::now() + 3 * threads_.front()->shard.settings.claude.close_grace;
         wait_for_processes();
       });
}

void gateway_program::wait_for_processes() {
  when([](const domain::stats& now) { return now.processes_live == 0; },
       [this] {
         server_->when_empty([this] {
           signals_->cancel();
           mail_.put(main_mail::kind::end);
         });
         server_->close_all();
       });
}

void gateway_program::when(bool (*condition)(const domain::stats&), std::function<void()> then) {
  threads_.front()->gateway.collect_stats(
    [this, condition, then = std::move(then)](const domain::stats& now) {
      if (condition(now) || clock::now() >= deadline_)
        return then();
      auto& timer = threads_.front()->timer;
      timer.expires_after(poll_interval);
      timer.async_wait(
        [this, condition, then](const boost::system::error_code&) { when(condition, then); });
    });
}

void gateway_program::end_threads() {
  for (const auto& each : threads_)
    each->keep_running.reset();
  for (const auto& each : threads_)
    if (!each->end(thread_end_timeout))
      log_.warning("I/O thread had work left at the end");
}

} // namespace ccapi
