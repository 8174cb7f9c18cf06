#pragma once
// raw_client: a blocking client that sends any bytes and reads HTTP answers, over TCP, a Unix
// socket or TLS.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;

namespace ccapi::http::test {

struct raw_answer {
  unsigned status = 0; ///< 0: the connection ended without one
  std::map<std::string, std::string> fields;
  std::string head;
  std::string body; ///< de-chunked

  [[nodiscard]] std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string{} : found->second;
  }
};

class raw_client {
public:
  /// `receive_buffer`: 0 = the system's own.
  explicit raw_client(std::uint16_t port, int receive_buffer = 0);
  /// Over a Unix socket.
  explicit raw_client(const std::string& path);
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  struct tls_options {
    int version_max = 0;           ///< 0 = the newest
    std::string_view protocol{};   ///< for ALPN
    const char* ciphers = nullptr; ///< of TLS 1.2
    bool strict_end = false;       ///< an end without close_notify is a failure
  };
  /// Does the handshake; true if it worked. The server's certificate is not checked.
  bool start_tls(tls_options options);
  bool start_tls() { return start_tls({}); }
  /// The protocol that ALPN chose.
  [[nodiscard]] std::string chosen_protocol() const;
  /// SHA-256 of the server's certificate.
  [[nodiscard]] std::string certificate_digest() const;

  /// Whether the server said that nothing more comes; with `strict_end`, after the end.
  [[nodiscard]] bool got_close_notify() const;

  /// Errors are ignored: the server may have closed already.
  void send(std::string_view bytes);
  void send_byte_by_byte(std::string_view bytes);
  /// Half-closes; with TLS by a close_notify.
  void finish_sending();
  /// Ends the connection with RST.
  void reset();

  /// One answer; `head_only` for HEAD.
  raw_answer read_answer(bool head_only = false);
  /// Everything until the server closes; waits at most ten seconds for each piece.
  std::string read_to_end();
  /// At least one more byte, or the end: empty.
  std::string read_some();
  /// True if the connection ends (FIN or RST) without another byte.
  bool ends();
  /// Waits for input for that long.
  bool readable_within(int milliseconds);

private:
  struct tls_deleter {
    void operator()(ssl_st* session) const noexcept;
  };

  void set_patience();
  bool fill();
  std::string take_line();
  std::string take(std::size_t count);

  int socket_ = -1;
  std::unique_ptr<ssl_st, tls_deleter> tls_;
  std::string received_;
};

} // namespace ccapi::http::test
