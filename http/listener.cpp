#include "http/listener.hpp"

#include "http/access/middleware.hpp"
#include "http/access/start_policy.hpp"
#include "http/answers/reply.hpp"
#include "http/wire/connection.hpp"
#include "http/wire/listening_socket.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <utility>

namespace ccapi::http {

namespace {

using error_code = boost::system::error_code;

/// Without descriptors or memory there is nothing to do but wait until some are given back.
constexpr std::chrono::milliseconds accept_pause{100};

/// For a connection that there isn't even a place for to be refused from.
std::string busy_answer(const dialect::protocol& dialect) {
  const auto body = problem_body(dialect, too_many_connections);
  const auto id = request_id_for({});
  http_date date;
  std::string extra;
  append_retry_headers(extra, true, std::chrono::milliseconds{1000});
  std::string answer;
  append_response_head(answer, {.status = too_many_connections.status, .extra = extra},
                       {.dialect = &dialect,
                        .length = body.size(),
                        .keep_alive = false,
                        .request_id = id,
                        .date = date.at(std::time(nullptr))});
  return answer + body;
}

/// Out of memory, most likely: there may be none for the line, either.
void report_lost_connection(const observe::logger& log, const char* why) noexcept {
  try {
    log.error("connection failed", {{"detail", why}});
  } catch (...) { // the connection is closed all the same
  }
}

keyed_answers::limits limits_of(const config::idempotency_settings& given) {
  return {.bytes_max = given.bytes_max, .age_max = given.ttl, .grace = given.grace};
}

media::loader::limits limits_of(const config::images_settings& given) {
  return {.threads_max = given.loads_max, .waiting_max = given.waiting_max};
}

} // namespace

/// What start's and the acceptors' handlers share; lives as long as one of them.
class server::state : public std::enable_shared_from_this<state> {
public:
  const std::vector<worker> workers;
  const http::dialects dialects;
  const std::string version;
  const observe::logger log;
  const std::shared_ptr<connection_limit> limit;

  state(std::vector<worker> the_workers, const http::dialects& the_dialects,
        const config::settings& given, std::string the_version, observe::logger the_log)
    : workers{std::move(the_workers)},
      dialects{the_dialects},
      version{std::move(the_version)},
      log{std::move(the_log)},
      limit{std::make_shared<connection_limit>(given.limits.connections_max,
                                               given.limits.connections_per_address_max)},
      tls_files_{given.tls},
      settings_{given},
      bodies_{std::make_shared<body_budget>(given.limits.bodies_bytes_max)},
      answers_{std::make_shared<keyed_answers>(limits_of(given.idempotency))},
      pictures_{std::make_shared<media::loader>(limits_of(given.images))},
      keys_{std::make_shared<key_ring>(given.auth.accepted, nullptr)} {}

  domain::result<void> reload_tls();
  domain::result<std::vector<std::string>> open();
  void accept_on(std::size_t index);
  void stop_accepting();
  void reconfigure(const config::settings& given);

  /// Runs the action with each shard on its own loop.
  void on_all_shards(void (http_shard::*action)()) {
    for (std::size_t i = 0; i < shards_.size(); ++i)
      asio::post(workers[i].loop, [home = shards_[i], action] { (home.get()->*action)(); });
  }
  [[nodiscard]] std::size_t listening() const noexcept { return listening_.size(); }
  void stop_loading() { pictures_->stop(); }

private:
  using context_ptr = std::shared_ptr<const tls_context>;

  [[nodiscard]] shard_settings settings_for_shards() const;
  [[nodiscard]] host_allow_list hosts() const;
  domain::result<void> use_tls();
  [[nodiscard]] domain::result<context_ptr> load_tls() const;
  void on_accept(std::size_t index, const error_code& ec, stream::socket_type socket,
                 std::size_t worker_index);
  void welcome(bool over_tcp, stream::socket_type socket, std::size_t worker_index);

  const config::tls_settings tls_files_;
  std::vector<listening_socket> listening_;
  std::vector<std::shared_ptr<http_shard>> shards_; ///< one per worker; set by open
  config::settings settings_;
  const std::shared_ptr<body_budget> bodies_;
  const std::shared_ptr<keyed_answers> answers_;
  const std::shared_ptr<media::loader> pictures_;
  std::shared_ptr<const key_ring> keys_;
  std::shared_ptr<auth_failures> failures_ = std::make_shared<auth_failures>();
  std::uint16_t port_ = 0; ///< that is listened on
  context_ptr tls_;        ///< of connections to come; null without TLS
  std::size_t next_worker_ = 0;
  bool stopped_ = false;
};

shard_settings server::state::settings_for_shards() const {
  const auto& models = settings_.models;
  return {.limits = settings_.limits,
          .cors = settings_.cors,
          .echo_requested_model = models.echo_requested,
          .lenient_content_type = settings_.server.lenient_content_type,
          .strict_parameters = settings_.server.strict_parameters,
          .usage_cost = settings_.openai.usage_cost,
          .cache_enabled = settings_.cache.enabled,
          .failures_per_minute_max = settings_.auth.failures_per_minute_max,
          .models = std::make_shared<domain::model_catalog>(models.default_model, models.aliases,
                                                            models.list),
          .keys = keys_,
          .failures = failures_,
          .bodies = bodies_,
          .answers = answers_,
          .pictures = pictures_,
          .images = settings_.images,
          .directories = std::make_shared<const std::vector<std::string>>(
            settings_.file_access.additional_dirs)};
}

host_allow_list server::state::hosts() const {
  return {settings_.server, port_, tls_ ? https_port : http_port};
}

domain::result<server::state::context_ptr> server::state::load_tls() const {
  if (const auto warning = key_file_warning(tls_files_.private_key_file))
    log.warning(*warning);
  return tls_context::load(tls_files_);
}

domain::result<void> server::state::use_tls() {
  if (tls_files_.certificate_file.empty() && tls_files_.private_key_file.empty())
    return {};
  if (tls_files_.certificate_file.empty() || tls_files_.private_key_file.empty())
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "tls.certificate_file and tls.private_key_file must be given "
                                    "together, or none of them.",
                         .param = tls_files_.certificate_file.empty() ? "tls.certificate_file"
                                                                      : "tls.private_key_file",
                         .retry_useful = false};
  auto loaded = load_tls();
  if (!loaded)
    return std::move(loaded).error();
  tls_ = *std::move(loaded);
  return {};
}

domain::result<void> server::state::reload_tls() {
  if (tls_files_.certificate_file.empty())
    return {};
  auto loaded = load_tls();
  if (!loaded)
    return std::move(loaded).error();
  asio::post(workers.front().loop,
             [self = shared_from_this(), fresh = *std::move(loaded)]() mutable {
               self->tls_ = std::move(fresh);
             });
  return {};
}

domain::result<std::vector<std::string>> server::state::open() {
  if (auto allowed = check_start(settings_); !allowed)
    return std::move(allowed).error();
  if (auto ready = use_tls(); !ready)
    return std::move(ready).error();
  auto& loop = workers.front().loop;
  std::vector<std::string> names;
  port_ = settings_.server.port;
  if (settings_.server.tcp) {
    auto opened = listen_on_tcp(loop, settings_);
    if (!opened)
      return std::move(opened).error();
    port_ = opened->port;
    for (const auto& address : opened->addresses)
      names.push_back(tls_ ? "https://" + address : address);
    listening_ = std::move(opened->sockets);
  }
  if (!settings_.server.unix_socket.empty()) {
    auto opened = listen_on_unix_socket(loop, settings_.server.unix_socket);
    if (!opened)
      return std::move(opened).error();
    names.push_back("unix:" + settings_.server.unix_socket);
    listening_.push_back(*std::move(opened));
  }
  const auto common = settings_for_shards();
  for (const auto& each : workers)
    shards_.push_back(std::make_shared<http_shard>(each.loop.get_executor(), each.gateway, dialects,
                                                   hosts(), common, version, log));
  return names;
}

void server::state::reconfigure(const config::settings& given) {
  settings_ = given;
  keys_ = std::make_shared<key_ring>(given.auth.accepted, keys_.get());
  limit->set(given.limits.connections_max, given.limits.connections_per_address_max);
  bodies_->set(given.limits.bodies_bytes_max);
  answers_->set(limits_of(given.idempotency));
  const auto common = settings_for_shards();
  for (std::size_t i = 0; i < shards_.size(); ++i)
    asio::post(workers[i].loop, [home = shards_[i], allowed = hosts(), common] {
      home->reconfigure(allowed, common);
    });
}

void server::state::accept_on(std::size_t index) {
  if (stopped_)
    return;
  const auto worker_index = next_worker_++ % workers.size();
  listening_[index].acceptor.async_accept(
    workers[worker_index].loop, [self = shared_from_this(), index,
                                 worker_index](const error_code& ec, stream::socket_type socket) {
      self->on_accept(index, ec, std::move(socket), worker_index);
    });
}

void server::state::on_accept(std::size_t index, const error_code& ec, stream::socket_type socket,
                              std::size_t worker_index) {
  if (stopped_ || ec == asio::error::operation_aborted)
    return;
  if (!ec) {
    try {
      welcome(!listening_[index].file, std::move(socket), worker_index);
    } catch (const std::exception& failure) {
      report_lost_connection(log, failure.what());
    }
    return accept_on(index);
  }
  if (ec == asio::error::connection_aborted) // gone before we came
    return accept_on(index);
  log.warning("Server pauses accepting", {{"reason", ec.message()}});
  auto& pause = listening_[index].pause;
  pause.expires_after(accept_pause);
  pause.async_wait([self = shared_from_this(), index](const error_code& cancelled) {
    if (!cancelled)
      self->accept_on(index);
  });
}

void server::state::welcome(bool over_tcp, stream::socket_type socket, std::size_t worker_index) {
  if (!over_tcp && !peer_may_use(socket.native_handle()))
    return log.warning("Server refuses another user's process at its Unix socket");
  auto peer = peer_of(socket);
  if (!peer)
    return;
  auto place = limit->admit(peer->is_local ? std::string{} : peer->address);
  const bool with_tls = over_tcp && tls_;
  const bool admitted = place.has_value();
  if (!admitted && with_tls)
    return; // nothing can be said before the handshake
  if (!admitted)
    if (auto other = limit->admit_to_refusal())
      place.emplace(*std::move(other));
  if (!place) {
    shards_.front()->count_answer(too_many_connections.status,
                                  nullptr); // on its loop: that one accepts
    error_code ignored;
    socket.non_blocking(true, ignored);
    const auto answer = busy_answer(*(dialects.*default_dialect));
    socket.write_some(asio::buffer(answer), ignored); // a fresh socket has room for it
    return;
  }
  auto transport =
    with_tls ? stream{std::move(socket), *tls_}
             : stream{std::move(socket), over_tcp ? stream::kind::tcp : stream::kind::unix_socket};
  // Made on its own thread: a reload changes the shard's settings there at any time.
  asio::dispatch(
    workers[worker_index].loop,
    [home = shards_[worker_index], transport = std::move(transport), place = *std::move(place),
     address = std::move(peer->address), admitted]() mutable {
      try {
        const auto born = std::make_shared<connection>(std::move(transport), home, std::move(place),
                                                       std::move(address));
        if (admitted)
          born->start();
        else
          born->turn_away();
      } catch (const std::exception& failure) {
        report_lost_connection(home->log, failure.what());
      }
    });
}

void server::state::stop_accepting() {
  stopped_ = true;
  for (auto& each : listening_)
    each.close();
}

server::server(std::vector<worker> workers, const http::dialects& dialects,
               const config::settings& settings, std::string version, observe::logger log)
  : state_{std::make_shared<state>(std::move(workers), dialects, settings, std::move(version),
                                   std::move(log))} {}

server::~server() {
  state_->stop_loading(); // its threads post to the loops
}

domain::result<void> server::reload_tls() {
  return state_->reload_tls();
}

domain::result<std::vector<std::string>> server::open() {
  return state_->open();
}

void server::start() {
  asio::post(state_->workers.front().loop, [state = state_] {
    for (std::size_t i = 0; i < state->listening(); ++i)
      state->accept_on(i);
  });
}

void server::reconfigure(const config::settings& settings) {
  asio::post(state_->workers.front().loop,
             [state = state_, settings] { state->reconfigure(settings); });
}

void server::stop_accepting() {
  asio::post(state_->workers.front().loop, [state = state_] {
    state->stop_accepting();
    state->on_all_shards(&http_shard::drain); // after the acceptors: nobody slips in behind it
  });
}

void server::close_all() {
  asio::post(state_->workers.front().loop, [state = state_] {
    state->stop_accepting();
    state->on_all_shards(&http_shard::close_all);
  });
}

void server::when_empty(std::function<void()> done) {
  asio::post(state_->workers.front().loop, [state = state_, done = std::move(done)]() mutable {
    state->limit->when_empty(
      [&loop = state->workers.front().loop, done = std::move(done)]() mutable {
        asio::post(loop, std::move(done));
      });
  });
}

std::size_t server::connection_count() const noexcept {
  return state_->limit->count();
}

} // namespace ccapi::http
