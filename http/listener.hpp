#pragma once
// server: listens, spreads connections over the I/O threads, and ends them.

#include "config/settings.hpp"
#include "domain/gateway.hpp"
#include "domain/model_catalog.hpp"
#include "domain/result.hpp"
#include "observe/log.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ccapi::http {

/// One I/O thread as HTTP sees it.
struct worker {
  boost::asio::io_context& loop; ///< run by exactly one thread
  domain::gateway& gateway;      ///< that thread's
};

/// Order: construct, use_tls, open, start; at the end stop_accepting, close_all, when_empty's
/// callback. The loops, gateways and the catalog must outlive the last connection; the server
/// itself may go when no connection is left or its loops have stopped.
class server {
public:
  /// `workers` must not be empty. Accepting happens on the first one's loop.
  server(std::vector<worker> workers, config::server_settings settings,
         config::limits_settings limits, const domain::model_catalog& models,
         bool echo_requested_model, std::string version, observe::logger log);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// With both files named TCP connections speak TLS; with none this does nothing. Blocks.
  /// Fails with: invalid_request, a sentence for the person who starts the gateway.
  domain::result<void> use_tls(config::tls_settings files);

  /// Reads the same files anew, for connections to come; if it fails all stays as it was. Blocks.
  /// Does nothing without TLS. Any thread, one at a time.
  domain::result<void> reload_tls();

  /// Checks the bind policy, resolves server.host and listens on all its addresses and on the Unix
  /// socket (not yet accepting). Blocks for name resolution. Call once, before the loops run. Gives
  /// the addresses as "127.0.0.1:8080" (with the port that was chosen for port 0),
  /// "https://127.0.0.1:8080" where TLS is spoken, and "unix:/run/claude.sock".
  /// Fails with: invalid_request (the bind policy, an unknown host, a path that is taken), internal
  /// (port taken, no permission).
  domain::result<std::vector<std::string>> open();

  /// Accepts from now on. Any thread.
  void start();

  /// Closes the listening sockets and idle connections; requests that come on others are refused
  /// with 503, and each connection ends with the answer it is at. Any thread.
  void stop_accepting();

  /// Closes every connection now; turns in work are cancelled. Implies stop_accepting. Any thread.
  void close_all();

  /// Calls `done` once, on the first worker's loop, when no connection is left. To be used after
  /// stop_accepting; replaces an earlier callback. Any thread.
  void when_empty(std::function<void()> done);

  /// Open connections now. Any thread.
  [[nodiscard]] std::size_t connection_count() const noexcept;

private:
  class state;
  std::shared_ptr<state> state_;
};

} // namespace ccapi::http
