#include "media/fetch.hpp"

#include "media/address.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <curl/curl.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <new>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace ccapi::media {

namespace {

namespace ip = boost::asio::ip;
using clock = std::chrono::steady_clock;

domain::error failure(std::string_view message, std::string detail) {
  return {.code = domain::error_code::invalid_request,
          .message = std::string{message},
          .detail = std::move(detail),
          .retry_useful = false};
}

domain::error too_large(const fetch_bounds& bounds) {
  return failure("is larger than the limits of pictures allow (limits.image_bytes_max, "
                 "limits.body_bytes_max)",
                 "more than " + std::to_string(bounds.bytes_max) + " bytes");
}

// -- the web -------------------------------------------------------------------------------------

domain::error not_fetched(std::string detail) {
  return failure("could not be fetched", std::move(detail));
}

ip::address address_in(const sockaddr& given) {
  if (given.sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &given, sizeof four);
    return ip::address_v4{ntohl(four.sin_addr.s_addr)};
  }
  sockaddr_in6 six{};
  std::memcpy(&six, &given, sizeof six);
  ip::address_v6::bytes_type bytes;
  std::copy(std::begin(six.sin6_addr.s6_addr), std::end(six.sin6_addr.s6_addr), bytes.begin());
  return ip::address_v6{bytes, six.sin6_scope_id};
}

/// "name:port:address,address" for CURLOPT_RESOLVE: the addresses are looked up once, and all of
/// them checked. Empty: the host is an address itself.
domain::result<std::string> resolved(const web_source& wanted, bool may_be_private,
                                     const fetch_bounds& bounds) {
  if (bounds.given_up || clock::now() >= bounds.deadline)
    return not_fetched("no time was left");
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* first = nullptr;
  if (const int code = getaddrinfo(wanted.host.c_str(), nullptr, &hints, &first); code != 0)
    return not_fetched(std::string{"no address: "} + gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned{first, &freeaddrinfo};
  std::string line = wanted.host + ':' + std::to_string(wanted.port) + ':';
  bool any = false;
  for (const auto* each = first; each; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6)
      continue;
    const auto address = address_in(*each->ai_addr);
    if (!may_be_private && !is_public(address))
      return not_fetched("has an address that is not public: " + address.to_string());
    line.append(std::exchange(any, true) ? "," : "");
    line.append(address.is_v6() ? '[' + address.to_string() + ']' : address.to_string());
  }
  if (!any)
    return not_fetched("no address of a known kind");
  boost::system::error_code not_an_address;
  static_cast<void>(ip::make_address(wanted.host, not_an_address));
  return not_an_address ? line : std::string{};
}

/// What libcurl's callbacks are told.
struct transfer {
  const fetch_bounds& bounds;
  const bool may_be_private;
  std::string bytes{};
  std::size_t head_bytes = 0;
  bool over = false;    ///< there was more than may be
  bool refused = false; ///< an address
};

std::size_t on_bytes(const char* data, std::size_t, std::size_t count, void* given) noexcept {
  auto& to = *static_cast<transfer*>(given);
  to.over = count > to.bounds.bytes_max - to.bytes.size();
  if (to.over)
    return 0;
  try {
    to.bytes.append(data, count);
  } catch (...) {
    return 0;
  }
  return count;
}

/// Trailers come here, too; libcurl keeps them all.
std::size_t on_head(const char*, std::size_t, std::size_t count, void* given) noexcept {
  constexpr std::size_t head_bytes_max = std::size_t{64} << 10;
  auto& to = *static_cast<transfer*>(given);
  to.head_bytes += count;
  return to.head_bytes > head_bytes_max ? 0 : count;
}

int on_progress(void* given, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<const transfer*>(given)->bounds.given_up ? 1 : 0;
}

/// The last word on where it may connect to, whatever was looked up.
curl_socket_t open_socket(void* given, curlsocktype, curl_sockaddr* to) noexcept {
  auto& of = *static_cast<transfer*>(given);
  const bool internet = to->family == AF_INET || to->family == AF_INET6;
  if (!internet || (!of.may_be_private && !is_public(address_in(to->addr)))) {
    of.refused = true;
    return CURL_SOCKET_BAD;
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

long milliseconds_left(const fetch_bounds& bounds) {
  const auto left =
    std::chrono::duration_cast<std::chrono::milliseconds>(bounds.deadline - clock::now());
  return std::max<long>(1, left.count());
}

using handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

void set_up(const handle& curl, const web_source& wanted, const web_access& access,
            const curl_slist* addresses, transfer& to) {
  const auto set = [&](CURLoption option, auto value) {
    if (curl_easy_setopt(curl.get(), option, value) != CURLE_OK)
      throw std::bad_alloc{};
  };
  set(CURLOPT_URL, wanted.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, ""); // none, whatever the environment says
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  if (addresses)
    set(CURLOPT_RESOLVE, addresses);
  set(CURLOPT_USERAGENT, access.user_agent.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, std::min<long>(static_cast<long>(access.connect_timeout.count()),
                                                milliseconds_left(to.bounds)));
  set(CURLOPT_TIMEOUT_MS, milliseconds_left(to.bounds));
  if (!access.ca_file.empty())
    set(CURLOPT_CAINFO, access.ca_file.c_str());
  set(CURLOPT_WRITEFUNCTION, &on_bytes);
  set(CURLOPT_WRITEDATA, &to);
  set(CURLOPT_HEADERFUNCTION, &on_head);
  set(CURLOPT_HEADERDATA, &to);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, &to);
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, &to);
}

/// What an answer was: a picture, or another URL.
struct web_answer {
  std::string bytes{};
  std::optional<std::string> redirected{};
};

domain::result<web_answer> ask(const web_source& wanted, const source_rules& rules,
                               const web_access& access, const fetch_bounds& bounds) {
  static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK)
    return not_fetched("libcurl can't be used");
  transfer to{.bounds = bounds, .may_be_private = may_be_private(wanted, rules)};
  const auto addresses = resolved(wanted, to.may_be_private, bounds);
  if (!addresses)
    return addresses.error();
  if (clock::now() >= bounds.deadline)
    return not_fetched("no time was left");
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> list{
    addresses->empty() ? nullptr : curl_slist_append(nullptr, addresses->c_str()),
    &curl_slist_free_all};
  const handle curl{curl_easy_init(), &curl_easy_cleanup};
  if (!curl || (!list && !addresses->empty()))
    throw std::bad_alloc{};
  set_up(curl, wanted, access, list.get(), to);
  const auto code = curl_easy_perform(curl.get());
  if (to.over)
    return too_large(bounds);
  if (code != CURLE_OK)
    return not_fetched(to.refused ? "it leads to an address that is not public"
                                  : curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  char* target = nullptr;
  curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &target);
  const bool redirects =
    status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (redirects && target)
    return web_answer{.redirected = std::string{target}};
  if (status != 200)
    return not_fetched("HTTP status " + std::to_string(status));
  return web_answer{.bytes = std::move(to.bytes)};
}

domain::result<std::string> fetch(web_source wanted, const source_rules& rules,
                                  const web_access& access, const fetch_bounds& bounds) {
  constexpr int redirects_max = 3;
  for (int hops = 0; hops <= redirects_max; ++hops) {
    auto answer = ask(wanted, rules, access, bounds);
    if (!answer)
      return std::move(answer).error();
    if (!answer->redirected)
      return std::move(answer->bytes);
    const auto next = source_of(*answer->redirected);
    const auto* web = next ? std::get_if<web_source>(&*next) : nullptr;
    if (!web || !check_allowed(*next, rules))
      return not_fetched("redirects to what may not be fetched");
    if (wanted.url.starts_with("https:") && !web->url.starts_with("https:"))
      return not_fetched("redirects from https to http");
    wanted = *web;
  }
  return not_fetched("too many redirects");
}

// -- files ---------------------------------------------------------------------------------------

domain::error not_read(const char* what, int number) {
  return failure("can't be read, or is no file",
                 std::string{what} + ": " + std::generic_category().message(number));
}

class descriptor {
public:
  explicit descriptor(int number) noexcept
    : number_{number} {}
  descriptor(descriptor&& other) noexcept
    : number_{std::exchange(other.number_, -1)} {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() {
    const int kept = errno; // that of what failed
    if (number_ >= 0)
      close(number_);
    errno = kept;
  }
  [[nodiscard]] int get() const noexcept { return number_; }

private:
  int number_;
};

/// Nothing outside the directory is opened, whatever links there are, now or while it happens.
descriptor open_beneath(const std::string& directory, const std::string& path) {
  const descriptor root{open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (root.get() < 0)
    return descriptor{-1};
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC; // to open a pipe or a device would be noticed
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const descriptor found{
    static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how))};
  struct stat about {};
  if (found.get() < 0 || fstat(found.get(), &about) != 0)
    return descriptor{-1};
  if (!S_ISREG(about.st_mode)) {
    errno = EINVAL;
    return descriptor{-1};
  }
  const auto same = "/proc/self/fd/" + std::to_string(found.get());
  return descriptor{open(same.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

domain::result<std::string> contents_of(const descriptor& file, const fetch_bounds& bounds) {
  struct stat about {};
  if (fstat(file.get(), &about) != 0)
    return not_read("fstat", errno);
  if (static_cast<std::uint64_t>(about.st_size) > bounds.bytes_max)
    return too_large(bounds);
  constexpr std::size_t piece = std::size_t{64} << 10;
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(about.st_size) + piece);
  for (std::size_t held = 0; true; held = bytes.size()) {
    bytes.resize(held + piece);
    const auto got = read(file.get(), bytes.data() + held, piece);
    if (got < 0 && errno != EINTR)
      return not_read("read", errno);
    bytes.resize(held + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (bytes.size() > bounds.bytes_max)
      return too_large(bounds);
    if (got == 0)
      return bytes;
    if (bounds.given_up || clock::now() >= bounds.deadline)
      return not_read("read", ETIMEDOUT);
  }
}

domain::result<std::string> fetch(const file_source& wanted, const source_rules& rules,
                                  const web_access&, const fetch_bounds& bounds) {
  int number = ENOENT;
  for (const auto& directory : rules.directories) {
    const auto rest = beneath(directory, wanted.path);
    if (rest.empty())
      continue;
    const auto file = open_beneath(directory, std::string{rest});
    if (file.get() >= 0)
      return contents_of(file, bounds);
    number = errno;
  }
  return not_read("openat2", number);
}

} // namespace

domain::result<std::string> fetch(const picture_source& wanted, const source_rules& rules,
                                  const web_access& access, const fetch_bounds& bounds) {
  if (auto allowed = check_allowed(wanted, rules); !allowed)
    return std::move(allowed).error();
  return std::visit([&](const auto& each) { return fetch(each, rules, access, bounds); }, wanted);
}

} // namespace ccapi::media
