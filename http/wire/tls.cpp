#include "http/wire/tls.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <cerrno>
#include <new>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

namespace ccapi::http {

namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;

constexpr const char* tls_12_ciphers =
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
  "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/// Encrypted at a stretch; then others have their turn.
constexpr std::size_t write_max = std::size_t{256} << 10;

constexpr std::string_view http_11{"\x08http/1.1", 9};

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(http_11.data());
  if (SSL_select_next_proto(&found, chosen_size, ours, static_cast<unsigned>(http_11.size()),
                            offered, offered_size)
      != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

/// Keys with a passphrase are refused: nobody sits at a server to type it.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

domain::error file_problem(const char* key, const std::string& path, std::string_view what) {
  std::array<char, 256> reason{};
  const auto code = ERR_peek_error();
  if (code != 0)
    ERR_error_string_n(code, reason.data(), reason.size());
  ERR_clear_error();
  return {.code = domain::error_code::invalid_request,
          .message = std::string{key} + ": " + path + ' ' + std::string{what},
          .param = key,
          .detail = reason.data(),
          .retry_useful = false};
}

} // namespace

void tls_context::deleter::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

domain::result<std::shared_ptr<const tls_context>>
tls_context::load(const config::tls_settings& files) {
  auto made = std::make_shared<tls_context>();
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  auto* context = made->context_.get();
  if (!context)
    throw std::bad_alloc{};
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, tls_12_ciphers);
  // Requests say themselves where they end, so a missing close_notify takes nothing away unseen.
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION
                                 | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                              | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); // tickets need none
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, &no_passphrase);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate_file.c_str()) != 1)
    return file_problem("tls.certificate_file", files.certificate_file,
                        "can't be read as a PEM certificate.");
  if (SSL_CTX_use_PrivateKey_file(context, files.private_key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return file_problem("tls.private_key_file", files.private_key_file,
                        "can't be read as a PEM private key without a passphrase, or is not the "
                        "key of the certificate.");
  if (SSL_CTX_check_private_key(context) != 1)
    return file_problem("tls.private_key_file", files.private_key_file,
                        "is not the key of the certificate.");
  return std::shared_ptr<const tls_context>{std::move(made)};
}

std::optional<std::string> key_file_warning(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || (found.st_mode & (S_IRWXG | S_IRWXO)) == 0)
    return std::nullopt;
  return "tls.private_key_file: " + path + " is open to others than its owner (chmod 600)";
}

error_code spoke_plain_http() noexcept {
  return make_error_code(boost::system::errc::wrong_protocol_type);
}

void tls_session::deleter::operator()(ssl_st* session) const noexcept {
  SSL_free(session);
}

tls_session::tls_session(const tls_context& context, int socket)
  : session_{SSL_new(context.get())} {
  if (!session_ || SSL_set_fd(session_.get(), socket) != 1)
    throw std::bad_alloc{};
  SSL_set_accept_state(session_.get());
}

tls_session::step tls_session::outcome_of(int result) {
  const int number = errno;
  switch (SSL_get_error(session_.get(), result)) {
  case SSL_ERROR_WANT_READ:
    return {.wait = wait::readable};
  case SSL_ERROR_WANT_WRITE:
    return {.wait = wait::writable};
  case SSL_ERROR_ZERO_RETURN:
    return {.ec = asio::error::eof};
  case SSL_ERROR_SYSCALL:
    failed_ = true;
    if (number == 0)
      return {.ec = asio::error::eof};
    return {.ec = error_code{number, boost::system::system_category()}};
  default:
    failed_ = true;
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST)
      return {.ec = spoke_plain_http()};
    return {.ec = make_error_code(boost::system::errc::protocol_error)};
  }
}

tls_session::step tls_session::read(std::span<char> space) {
  ERR_clear_error();
  errno = 0;
  std::size_t count = 0;
  const int result = SSL_read_ex(session_.get(), space.data(), space.size(), &count);
  return result == 1 ? step{.count = count} : outcome_of(result);
}

tls_session::step tls_session::write(std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size() && written < write_max) {
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int result =
      SSL_write_ex(session_.get(), bytes.data() + written, bytes.size() - written, &count);
    write_begun_ = result != 1;
    if (result != 1) {
      const auto stopped = outcome_of(result);
      if (written > 0 && !stopped.ec)
        break; // tell of the progress first
      return stopped;
    }
    written += count;
  }
  return {.count = written};
}

tls_session::step tls_session::shutdown() {
  if (failed_ || silent_ || write_begun_ || !SSL_is_init_finished(session_.get()))
    return {};
  ERR_clear_error();
  errno = 0;
  const int result = SSL_shutdown(session_.get());
  return result >= 0 ? step{} : outcome_of(result);
}

bool tls_session::has_pending() const noexcept {
  return SSL_has_pending(session_.get()) == 1;
}

} // namespace ccapi::http
