#include "http/listener.hpp"

#include "http/connection.hpp"
#include "http/middleware.hpp"
#include "http/reply.hpp"
#include "http/start_policy.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace ccapi::http {

namespace {

using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
using executor = asio::io_context::executor_type;
using acceptor_type = asio::basic_socket_acceptor<tcp, executor>;
using timer_type =
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, executor>;

/// Without descriptors or memory there is nothing to do but wait until some are given back.
constexpr std::chrono::milliseconds accept_pause{100};

constexpr transport_problem too_many_connections{503, "service_unavailable", "too_many_connections",
                                                 "Too many connections.", true};

/// For a connection that is not admitted: there is no request yet.
std::string busy_answer() {
  const auto body = problem_body(too_many_connections);
  const auto id = request_id_for({});
  http_date date;
  std::string extra;
  append_retry_headers(extra, true, std::chrono::milliseconds{1000});
  std::string answer;
  append_response_head(answer, {.status = too_many_connections.status, .extra = extra},
                       {.length = body.size(),
                        .keep_alive = false,
                        .request_id = id,
                        .date = date.at(std::time(nullptr))});
  return answer + body;
}

/// `address`: "127.0.0.1:8080".
domain::error bind_error(const std::string& address, const error_code& ec) {
  const auto port = address.substr(address.rfind(':') + 1);
  std::string message = "Can't listen on " + address;
  if (ec == asio::error::address_in_use)
    message += ": another program has port " + port
               + ", perhaps a gateway that still runs. See which one with `ss -ltnp 'sport = :"
               + port + "'` and stop it, or start this one with --port and another number.";
  else if (ec == asio::error::access_denied)
    message +=
      ": port " + port + " is for privileged users. Start with --port and a number above 1023.";
  else
    message += ": " + ec.message() + ". Correct server.host or server.port.";
  return {
    .code = domain::error_code::internal, .message = std::move(message), .retry_useful = false};
}

std::string text_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? '[' + address + ']' : address) + ':'
         + std::to_string(endpoint.port());
}

} // namespace

/// What start's and the acceptors' handlers share; lives as long as one of them.
class server::state : public std::enable_shared_from_this<state> {
public:
  const std::vector<worker> workers;
  const std::string version;
  const observe::logger log;
  const std::shared_ptr<connection_limit> limit;

  state(std::vector<worker> the_workers, const config::settings& given, std::string the_version,
        observe::logger the_log)
    : workers{std::move(the_workers)},
      version{std::move(the_version)},
      log{std::move(the_log)},
      limit{std::make_shared<connection_limit>(given.limits.connections_max,
                                               given.limits.connections_per_address_max)},
      settings_{given},
      keys_{std::make_shared<key_ring>(given.auth.accepted, nullptr)} {}

  domain::result<std::vector<std::string>> open();
  void accept_on(std::size_t index);
  void stop_accepting();
  void reconfigure(const config::settings& given);

  /// Runs the action with each site on its own loop.
  void on_all_sites(void (site::*action)()) {
    for (std::size_t i = 0; i < sites_.size(); ++i)
      asio::post(workers[i].loop, [home = sites_[i], action] { (home.get()->*action)(); });
  }
  [[nodiscard]] std::size_t listening() const noexcept { return listening_.size(); }

private:
  struct listening_socket {
    acceptor_type acceptor;
    timer_type pause;
  };

  [[nodiscard]] site_settings settings_for_sites() const;
  domain::result<std::vector<tcp::endpoint>> addresses() const;
  error_code listen_on(tcp::endpoint endpoint);
  void on_accept(std::size_t index, const error_code& ec, connection::socket_type socket,
                 std::size_t worker_index);
  void welcome(connection::socket_type socket, std::size_t worker_index);

  std::vector<listening_socket> listening_;
  std::vector<std::shared_ptr<site>> sites_; ///< one per worker; set by open
  config::settings settings_;
  std::shared_ptr<const key_ring> keys_;
  std::shared_ptr<auth_failures> failures_ = std::make_shared<auth_failures>();
  std::uint16_t port_ = 0; ///< that is listened on
  std::size_t next_worker_ = 0;
  bool stopped_ = false;
};

site_settings server::state::settings_for_sites() const {
  const auto& models = settings_.models;
  return {.limits = settings_.limits,
          .cors = settings_.cors,
          .echo_requested_model = models.echo_requested,
          .lenient_content_type = settings_.server.lenient_content_type,
          .failures_per_minute_max = settings_.auth.failures_per_minute_max,
          .models = std::make_shared<domain::model_catalog>(models.default_model, models.aliases,
                                                            models.list),
          .keys = keys_,
          .failures = failures_};
}

domain::result<std::vector<tcp::endpoint>> server::state::addresses() const {
  auto host = settings_.server.host;
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  tcp::resolver resolver{workers.front().loop};
  error_code ec;
  const auto found = resolver.resolve(host, std::to_string(settings_.server.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, ec);
  std::vector<tcp::endpoint> endpoints;
  if (!ec)
    for (const auto& entry : found)
      endpoints.push_back(entry.endpoint());
  if (endpoints.empty())
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "server.host \"" + settings_.server.host
                                    + "\" has no address: " + ec.message() + ".",
                         .param = "server.host",
                         .retry_useful = false};
  for (const auto& endpoint : endpoints) { // a name may only look local
    auto real = settings_;
    real.server.host = endpoint.address().to_string();
    if (auto allowed = check_start(real); !allowed)
      return std::move(allowed).error();
  }
  return endpoints;
}

error_code server::state::listen_on(tcp::endpoint endpoint) {
  error_code ec;
  listening_socket made{acceptor_type{workers.front().loop.get_executor()},
                        timer_type{workers.front().loop.get_executor()}};
  auto& acceptor = made.acceptor;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec)
    acceptor.set_option(asio::socket_base::reuse_address{true}, ec);
  if (!ec && endpoint.address().is_v6() && !endpoint.address().is_unspecified())
    acceptor.set_option(asio::ip::v6_only{true}, ec);
  if (!ec)
    acceptor.bind(endpoint, ec);
  if (!ec)
    acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (!ec)
    listening_.push_back(std::move(made));
  return ec;
}

domain::result<std::vector<std::string>> server::state::open() {
  if (auto allowed = check_start(settings_); !allowed)
    return std::move(allowed).error();
  auto endpoints = addresses();
  if (!endpoints)
    return std::move(endpoints).error();
  auto port = settings_.server.port;
  std::vector<std::string> names;
  error_code unavailable;
  for (auto endpoint : *endpoints) {
    endpoint.port(port);
    const auto ec = listen_on(endpoint);
    const bool family_missing = ec == asio::error::address_family_not_supported
                                || ec == boost::system::errc::address_not_available;
    if (family_missing) {
      unavailable = ec; // e.g. "localhost" where the host has no IPv6
      continue;
    }
    if (ec)
      return bind_error(text_of(endpoint), ec);
    const auto bound = listening_.back().acceptor.local_endpoint();
    port = bound.port();
    names.push_back(text_of(bound));
  }
  if (listening_.empty())
    return bind_error(text_of(endpoints->front()), unavailable);
  port_ = port;
  const auto common = settings_for_sites();
  for (const auto& each : workers)
    sites_.push_back(std::make_shared<site>(each.gateway, host_allow_list{settings_.server, port_},
                                            common, version, log));
  return names;
}

void server::state::reconfigure(const config::settings& given) {
  settings_ = given;
  keys_ = std::make_shared<key_ring>(given.auth.accepted, keys_.get());
  limit->set(given.limits.connections_max, given.limits.connections_per_address_max);
  const host_allow_list hosts{settings_.server, port_};
  const auto common = settings_for_sites();
  for (std::size_t i = 0; i < sites_.size(); ++i)
    asio::post(workers[i].loop,
               [home = sites_[i], hosts, common] { home->reconfigure(hosts, common); });
}

void server::state::accept_on(std::size_t index) {
  if (stopped_)
    return;
  const auto worker_index = next_worker_++ % workers.size();
  listening_[index].acceptor.async_accept(
    workers[worker_index].loop, [self = shared_from_this(), index, worker_index](
                                  const error_code& ec, connection::socket_type socket) {
      self->on_accept(index, ec, std::move(socket), worker_index);
    });
}

void server::state::on_accept(std::size_t index, const error_code& ec,
                              connection::socket_type socket, std::size_t worker_index) {
  if (stopped_ || ec == asio::error::operation_aborted)
    return;
  if (!ec) {
    welcome(std::move(socket), worker_index);
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

void server::state::welcome(connection::socket_type socket, std::size_t worker_index) {
  error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  if (ec)
    return;
  auto address = peer.address().to_string();
  auto place = limit->admit(peer.address().is_loopback() ? std::string{} : address);
  if (!place) {
    socket.non_blocking(true, ec);
    const auto answer = busy_answer();
    socket.write_some(asio::buffer(answer), ec); // a fresh socket has room for it
    return;
  }
  auto born = std::make_shared<connection>(std::move(socket), sites_[worker_index],
                                           std::move(*place), std::move(address));
  asio::dispatch(workers[worker_index].loop, [born = std::move(born)] { born->start(); });
}

void server::state::stop_accepting() {
  stopped_ = true;
  for (auto& each : listening_) {
    error_code ignored;
    each.acceptor.close(ignored);
    each.pause.cancel();
  }
}

server::server(std::vector<worker> workers, const config::settings& settings, std::string version,
               observe::logger log)
  : state_{
    std::make_shared<state>(std::move(workers), settings, std::move(version), std::move(log))} {}

server::~server() = default;

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
    state->on_all_sites(&site::drain); // after the acceptors: nobody slips in behind it
  });
}

void server::close_all() {
  asio::post(state_->workers.front().loop, [state = state_] {
    state->stop_accepting();
    state->on_all_sites(&site::close_all);
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
