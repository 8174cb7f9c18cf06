#pragma once
// The file of a listening Unix socket, and who may use it.

#include "domain/result.hpp"

#include <string>
#include <sys/types.h>
#include <utility>

namespace ccapi::http {

/// Exists as long as its file shall; removes it at the end, if the path still leads to it.
class unix_socket_file {
public:
  /// Binds the socket to `path`, for its owner only, and makes it listen. Replaces the socket of a
  /// program that does not run any more, and nothing else.
  /// Fails with: invalid_request (the path is too long, or something else is there), internal (a
  /// server listens there, no permission).
  static domain::result<unix_socket_file> listen(int socket, const std::string& path);

  unix_socket_file(unix_socket_file&& other) noexcept
    : path_{std::exchange(other.path_, {})},
      device_{other.device_},
      inode_{other.inode_} {}
  unix_socket_file& operator=(unix_socket_file&&) = delete;
  ~unix_socket_file();

private:
  unix_socket_file(std::string path, dev_t device, ino_t inode)
    : path_{std::move(path)},
      device_{device},
      inode_{inode} {}

  std::string path_;
  dev_t device_;
  ino_t inode_;
};

/// True if the process at the other end runs as our own user or as root.
bool peer_may_use(int socket) noexcept;

} // namespace ccapi::http
