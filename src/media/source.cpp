#include "media/source.hpp"

#include "domain/percent.hpp"

#include <algorithm>
#include <charconv>
#include <curl/curl.h>
#include <memory>
#include <optional>
#include <utility>

namespace ccapi::media {

namespace {

using namespace std::string_view_literals;

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;
/// More than browsers take; servers refuse less.
constexpr std::size_t name_bytes_max = 8192;

domain::error refusal(std::string message) {
  return {.code = domain::error_code::invalid_request,
          .message = std::move(message),
          .retry_useful = false};
}

domain::error not_allowed(std::string message) {
  return {.code = domain::error_code::unsupported_parameter,
          .message = std::move(message),
          .retry_useful = false};
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool begins_with(std::string_view text, std::string_view head) noexcept {
  return same_name(text.substr(0, head.size()), head);
}

bool is_visible(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

using url_handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::optional<std::string> part_of(const url_handle& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK || !text)
    return std::nullopt;
  const std::unique_ptr<char, decltype(&curl_free)> owned{text, &curl_free};
  return std::string{text};
}

constexpr auto malformed = "is not a valid URL";

domain::result<picture_source> web_source_of(std::string_view name) {
  if (!is_visible(name))
    return refusal("a URL must consist of visible ASCII characters");
  const url_handle url{curl_url(), &curl_url_cleanup};
  if (!url)
    throw std::bad_alloc{};
  // The same parser as the one that fetches it: nobody can read a URL in two ways.
  if (curl_url_set(url.get(), CURLUPART_URL, std::string{name}.c_str(), CURLU_DISALLOW_USER)
      != CURLUE_OK)
    return refusal(malformed);
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  const auto host = part_of(url, CURLUPART_HOST);
  const auto port = part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  auto whole = part_of(url, CURLUPART_URL);
  web_source found;
  // A sign ahead of it has a meaning where libcurl is told addresses.
  if (!host || host->empty() || host->starts_with('-') || host->starts_with('+') || !port || !whole
      || std::from_chars(port->data(), port->data() + port->size(), found.port).ec != std::errc{})
    return refusal(malformed);
  found.url = *std::move(whole);
  std::transform(host->begin(), host->end(), std::back_inserter(found.host), lower);
  if (found.host.front() == '[')
    found.host = found.host.substr(1, found.host.find(']') - 1);
  return picture_source{std::move(found)};
}

/// No part of it is empty, "." or "..".
bool is_plain_path(std::string_view path) noexcept {
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos)
    return false;
  for (path.remove_prefix(1); true; path.remove_prefix(path.find('/') + 1)) {
    const auto part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..")
      return false;
    if (part.size() == path.size())
      return true;
  }
}

domain::result<picture_source> file_source_of(std::string_view path) {
  if (!is_plain_path(path))
    return refusal("the path of a file must be absolute, without '.', '..' or empty parts");
  return picture_source{file_source{.path = std::string{path}}};
}

domain::result<picture_source> file_url_source_of(std::string_view rest) {
  constexpr auto local = "localhost"sv;
  if (begins_with(rest, "//"sv)) {
    rest.remove_prefix(2);
    if (begins_with(rest, local))
      rest.remove_prefix(local.size());
  }
  const auto path = domain::percent_decoded(rest);
  if (!path || rest.find_first_of("?#") != std::string_view::npos)
    return refusal(malformed);
  return file_source_of(*path);
}

/// "name" stands for the usual ports, "name:port" for one; brackets around IPv6 addresses.
bool names(std::string_view entry, const web_source& wanted) {
  const bool usual_port = wanted.port == http_port || wanted.port == https_port;
  const auto host =
    wanted.host.find(':') == std::string::npos ? wanted.host : '[' + wanted.host + ']';
  return (usual_port && same_name(entry, host))
         || same_name(entry, host + ':' + std::to_string(wanted.port));
}

bool lists(const std::vector<std::string>& hosts, const web_source& wanted) {
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](const auto& entry) { return names(entry, wanted); });
}

domain::result<void> check(const web_source& wanted, const source_rules& rules) {
  const bool usual_port = wanted.port == http_port || wanted.port == https_port;
  const auto& allowed = rules.allowed_hosts;
  const bool any = std::find(allowed.begin(), allowed.end(), "*") != allowed.end();
  if ((any && usual_port) || lists(allowed, wanted) || lists(rules.private_hosts, wanted))
    return {};
  if (any)
    return not_allowed("only ports 80 and 443 are fetched from, but for those that "
                       "images.allowed_hosts names");
  return not_allowed(
    "pictures of this host are not fetched (images.allowed_hosts); a data: URL can "
    "be taken");
}

domain::result<void> check(const file_source& wanted, const source_rules& rules) {
  const auto& directories = rules.directories;
  if (std::any_of(directories.begin(), directories.end(),
                  [&](const auto& directory) { return !beneath(directory, wanted.path).empty(); }))
    return {};
  return not_allowed(directories.empty()
                       ? "no files are read here (file_access.additional_dirs); a data: URL can be "
                         "taken"
                       : "lies outside the directories whose files may be read "
                         "(file_access.additional_dirs)");
}

} // namespace

domain::result<picture_source> source_of(std::string_view name) {
  if (name.size() > name_bytes_max)
    return refusal("is longer than " + std::to_string(name_bytes_max) + " bytes");
  if (name.starts_with('/'))
    return file_source_of(name);
  if (begins_with(name, "file:"sv))
    return file_url_source_of(name.substr("file:"sv.size()));
  if (begins_with(name, "http://"sv) || begins_with(name, "https://"sv))
    return web_source_of(name);
  return refusal("must be a URL of data:, https:, http: or file:, or an absolute path");
}

domain::result<void> check_allowed(const picture_source& wanted, const source_rules& rules) {
  return std::visit([&](const auto& each) { return check(each, rules); }, wanted);
}

bool may_be_private(const web_source& wanted, const source_rules& rules) {
  return lists(rules.private_hosts, wanted);
}

std::string_view beneath(std::string_view directory, std::string_view path) noexcept {
  while (directory.ends_with('/'))
    directory.remove_suffix(1);
  if (!path.starts_with(directory) || path.size() < directory.size() + 2
      || path[directory.size()] != '/')
    return {};
  return path.substr(directory.size() + 1);
}

} // namespace ccapi::media
