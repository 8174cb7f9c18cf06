#include "http/wire/unix_socket.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace ccapi::http {

namespace {

domain::error refusal(domain::error_code code, const std::string& path, const std::string& why) {
  return {.code = code,
          .message = "Can't listen on the Unix socket " + path + ": " + why,
          .param = "server.unix_socket",
          .retry_useful = false};
}

domain::error failure(const std::string& path, int number) {
  return refusal(domain::error_code::internal, path, std::generic_category().message(number) + ".");
}

class descriptor {
public:
  explicit descriptor(int number)
    : number_{number} {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }

private:
  const int number_;
};

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// 0 = a server answers there; else errno.
int try_to_connect(const sockaddr* address, socklen_t size) {
  const descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (probe.get() < 0)
    return errno;
  return ::connect(probe.get(), address, size) == 0 ? 0 : errno;
}

} // namespace

domain::result<unix_socket_file> unix_socket_file::listen(int socket, const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path)
    return refusal(domain::error_code::invalid_request, path,
                   "the path is longer than " + std::to_string(sizeof name.sun_path - 1)
                     + " bytes.");
  std::memcpy(name.sun_path, path.data(), path.size());
  const auto* address = reinterpret_cast<const sockaddr*>(&name);
  const descriptor directory{
    ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.get() < 0)
    return failure(path, errno);
  // Of two gateways that start at the same time one must not take the other's fresh socket for a
  // stale one: looking, removing and binding happen under a lock on the directory.
  if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0)
    return refusal(domain::error_code::internal, path,
                   "another gateway starts in the same directory right now. Try again.");

  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return refusal(domain::error_code::invalid_request, path,
                     "something that is no socket has that name.");
    const int number = try_to_connect(address, sizeof name);
    if (number == 0 || number == EAGAIN) // the latter: its queue is full
      return refusal(domain::error_code::internal, path,
                     "another server listens there: stop it, or choose another path.");
    if (number != ECONNREFUSED)
      return failure(path, number);
    if (::unlink(path.c_str()) != 0)
      return failure(path, errno);
  } else if (errno != ENOENT) {
    return failure(path, errno);
  }
  // The file takes over the socket's own mode: it is never open to others, not for a moment.
  if (::fchmod(socket, S_IRUSR | S_IWUSR) != 0 || ::bind(socket, address, sizeof name) != 0)
    return failure(path, errno);
  if (::lstat(path.c_str(), &found) != 0)
    return failure(path, errno);
  unix_socket_file made{path, found.st_dev, found.st_ino};
  if (::listen(socket, SOMAXCONN) != 0)
    return failure(path, errno);
  return made;
}

unix_socket_file::~unix_socket_file() {
  struct stat found {};
  if (!path_.empty() && ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_
      && found.st_ino == inode_)
    ::unlink(path_.c_str());
}

bool peer_may_use(int socket) noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

} // namespace ccapi::http
