#pragma once
// stream: the socket of a connection, whatever it is made of: TCP, a Unix socket, or TLS over TCP.
// Where there is no TLS each call goes straight to Asio.

#include "http/wire/tls.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace ccapi::http {

namespace asio = boost::asio;

/// On its I/O thread only. At most one read and one write at a time; the functions that they call
/// then, void(error_code, std::size_t), must keep the stream alive; they run after the call has
/// returned.
class stream {
public:
  using executor = asio::io_context::executor_type;
  using socket_type = asio::basic_stream_socket<asio::generic::stream_protocol, executor>;
  using error_code = boost::system::error_code;

  enum class kind : std::uint8_t { tcp, unix_socket };

  stream(socket_type socket, kind what)
    : socket_{std::move(socket)},
      kind_{what} {}

  /// TLS from the first byte on.
  stream(socket_type socket, const tls_context& context)
    : socket_{std::move(socket)} {
    error_code ignored; // fails for a socket that is none any more: the first read shows it
    socket_.native_non_blocking(true, ignored);
    tls_ = std::make_unique<tls_session>(context, socket_.native_handle());
  }

  [[nodiscard]] executor get_executor() { return socket_.get_executor(); }
  [[nodiscard]] bool is_unix_socket() const noexcept { return kind_ == kind::unix_socket; }

  /// Reads at least one byte. Errors: eof where the client has ended its side; spoke_plain_http().
  template <class Handler>
  void async_read_some(std::span<char> space, Handler then) {
    if (!tls_)
      return socket_.async_read_some(asio::buffer(space.data(), space.size()), std::move(then));
    run([space](tls_session& tls) { return tls.read(space); }, std::move(then));
  }

  /// Writes at least one byte. What is left must be written next.
  template <class Handler>
  void async_write_some(std::string_view bytes, Handler then) {
    if (!tls_)
      return socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), std::move(then));
    run([bytes](tls_session& tls) { return tls.write(bytes); }, std::move(then));
  }

  /// Writes what the kernel takes at once, and says how much that is; 0 with TLS. No write may be
  /// under way. An error shows at the next write.
  std::size_t write_now(std::string_view bytes) noexcept {
    if (tls_)
      return 0;
    const auto sent =
      ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }

  /// Ends our side, soon. `owner` keeps the stream alive until then.
  template <class Owner>
  void shutdown_send(Owner owner) {
    if (tls_ && tls_->shutdown().wait != tls_session::wait::none)
      return socket_.async_wait(socket_type::wait_write, [this, owner](const error_code& ec) {
        if (ec || !socket_.is_open())
          return;
        try {
          shutdown_send(owner);
        } catch (const std::bad_alloc&) {
          end_sending();
        }
      });
    end_sending();
  }

  /// What was sent is not whole, and nobody shall take it for that: with TLS the end comes without
  /// close_notify.
  void cut() noexcept {
    if (tls_)
      tls_->cut();
  }

  /// The client did not start TLS: go on without.
  void drop_tls() { tls_.reset(); }

  [[nodiscard]] bool has_unread_bytes() const {
    error_code ignored;
    return (tls_ && tls_->has_pending()) || socket_.available(ignored) > 0;
  }

  void set_no_delay() {
    error_code ignored; // a socket that is dead already shows it at the first read
    if (!is_unix_socket())
      socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
  }

  void close() {
    error_code ignored;
    if (tls_ && socket_.is_open())
      tls_->shutdown();
    socket_.close(ignored);
  }

  /// Closes with a reset; the kernel forgets what the client has not taken.
  void reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket_.close(ignored);
  }

private:
  void end_sending() {
    error_code ignored;
    socket_.shutdown(socket_type::shutdown_send, ignored);
  }

  /// Does the step, as often as it takes; waits for the socket in between.
  template <class Step, class Handler>
  void run(Step step, Handler then, bool within_handler = false) {
    const auto done = step(*tls_);
    if (done.wait == tls_session::wait::none) {
      if (within_handler)
        return then(done.ec, done.count);
      return asio::post(socket_.get_executor(),
                        [then = std::move(then), done]() mutable { then(done.ec, done.count); });
    }
    const auto what =
      done.wait == tls_session::wait::readable ? socket_type::wait_read : socket_type::wait_write;
    try {
      socket_.async_wait(what, [this, step, then](const error_code& ec) mutable {
        // Closed meanwhile: OpenSSL must not touch a descriptor that may be
        // another one's by now.
        if (ec || !socket_.is_open())
          return then(ec ? ec : error_code{asio::error::operation_aborted}, 0);
        run(step, std::move(then), true);
      });
    } catch (const std::bad_alloc&) {
      if (!within_handler)
        throw;
      then(make_error_code(boost::system::errc::not_enough_memory), 0); // nobody else would
    }
  }

  socket_type socket_;
  std::unique_ptr<tls_session> tls_;
  kind kind_ = kind::tcp;
};

} // namespace ccapi::http
