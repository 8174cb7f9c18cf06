#pragma once
// TLS as the gateway speaks it. tls_context: certificate, key and rules of a port; tls_session: one
// connection's state. OpenSSL reads and writes the socket itself; the caller waits for the socket,
// so that TLS has the deadlines, the backpressure and the end of a plain connection.

#include "config/settings.hpp"
#include "domain/result.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace ccapi::http {

/// TLS 1.2 and 1.3, ECDHE with AEAD only, no compression, no renegotiation. Shared by threads.
class tls_context {
public:
  /// Reads both files and checks that they belong together. Blocks.
  /// Fails with: invalid_request, `param` is the key to change.
  static domain::result<std::shared_ptr<const tls_context>> load(const config::tls_settings& files);

  [[nodiscard]] ssl_ctx_st* get() const noexcept { return context_.get(); }

private:
  struct deleter {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  std::unique_ptr<ssl_ctx_st, deleter> context_;
};

/// A sentence if others than the owner may read the file.
std::optional<std::string> key_file_warning(const std::string& path);

/// The error of a read where the client did not start TLS but sent an HTTP request.
boost::system::error_code spoke_plain_http() noexcept;

/// Used on its connection's thread, after construction only while its socket is open. The first
/// read does the handshake. The program must ignore SIGPIPE.
class tls_session {
public:
  enum class wait : std::uint8_t { none, readable, writable };

  struct step {
    tls_session::wait wait = wait::none; ///< else: nothing done; again when the socket is that
    std::size_t count = 0;
    boost::system::error_code ec{}; ///< eof: the client will send no more
  };

  /// `socket` must be non-blocking.
  tls_session(const tls_context& context, int socket);

  step read(std::span<char> space);
  /// After a step that waits or takes less than all, the next call must go on with the same bytes.
  step write(std::string_view bytes);
  /// Tells the client that nothing more comes. Reading remains possible.
  step shutdown();
  /// The end won't be told to the client: what it has got is not whole.
  void cut() noexcept { silent_ = true; }
  /// Bytes are here that the socket does not show any more.
  [[nodiscard]] bool has_pending() const noexcept;

private:
  struct deleter {
    void operator()(ssl_st* session) const noexcept;
  };
  step outcome_of(int result);

  std::unique_ptr<ssl_st, deleter> session_;
  bool failed_ = false;
  bool silent_ = false;      ///< no close_notify
  bool write_begun_ = false; ///< OpenSSL holds a record that has not left
};

} // namespace ccapi::http
