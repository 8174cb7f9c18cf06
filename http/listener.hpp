#pragma once
// server: listens, spreads connections over the I/O threads, and ends them.

#include "config/settings.hpp"
#include "domain/result.hpp"
#include "domain/turn/gateway.hpp"
#include "http/endpoints.hpp"
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

/// Order: construct, open, start; at the end stop_accepting, close_all, when_empty's callback. The
/// loops and gateways must outlive the last connection; the server itself may go when no connection
/// is left or its loops have stopped.
class server {
public:
  /// `workers` must not be empty. Accepting happens on the first one's loop.
  server(std::vector<worker> workers, const http::dialects& dialects,
         const config::settings& settings, std::string version, observe::logger log);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Reads the same files anew, for connections to come; if it fails all stays as it was. Blocks.
  /// Does nothing without TLS. Any thread, one at a time.
  domain::result<void> reload_tls();

  /// Checks the start policy, loads the certificate, resolves server.host and listens on all its
  /// addresses and on the Unix socket (not yet accepting). Blocks for name resolution. Call once,
  /// before the loops run. Gives the addresses as "127.0.0.1:8080" (with the port that was chosen
  /// for port 0), "https://127.0.0.1:8080" where TLS is spoken, and "unix:/run/claude.sock". Fails
  /// with: invalid_request (the start policy, an unknown host, a bad certificate, a path that is
  /// taken), internal (port taken, no permission).
  domain::result<std::vector<std::string>> open();

  /// Accepts from now on. Any thread.
  void start();

  /// Takes over what can change while it runs: keys, web origins, names of hosts and models,
  /// limits. Each connection follows with its next request. The caller has checked the start
  /// policy. Any thread.
  void reconfigure(const config::settings& settings);

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
