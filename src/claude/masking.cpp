#include "claude/masking.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace ccapi::claude {

namespace {

constexpr std::string_view masked_secret = "[key]";
constexpr std::string_view masked_address = "[address]";
constexpr std::string_view masked_path = "[path]";

bool is_alpha(char c) noexcept {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_word(char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '_';
}

/// So many bytes from the start of `text` that `belongs` takes.
template <class Predicate>
std::size_t run(std::string_view text, Predicate belongs) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs)
                                  - text.begin());
}

bool starts_with_nocase(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size()
         && std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
              return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
            });
}

/// To the end of a URL or path, without the punctuation of the sentence around it.
std::size_t locator_run(std::string_view text) {
  auto size = run(text, [](char c) {
    return static_cast<unsigned char>(c) > 0x20
           && std::string_view{"\"'`<>()[]{},;|"}.find(c) == std::string_view::npos;
  });
  while (size > 0 && std::string_view{".:!?"}.find(text[size - 1]) != std::string_view::npos)
    --size;
  return size;
}

// Each of these looks at the start of a text (where a word may begin) and tells how much of it has
// to be masked; 0: nothing.

std::size_t key_run(std::string_view text) {
  const auto key_char = [](char c) { return is_word(c) || c == '-'; };
  constexpr std::size_t other_keys_min = 20;
  if (text.starts_with("sk-ant-"))
    return run(text, key_char);
  if (text.starts_with("sk-")) {
    const auto size = run(text, key_char);
    return size >= other_keys_min ? size : 0;
  }
  if (text.starts_with("eyJ")) {
    const auto size = run(text, [&](char c) { return key_char(c) || c == '.'; });
    return size >= other_keys_min ? size : 0;
  }
  return 0;
}

/// What follows "Bearer "; not the words of a sentence about bearer tokens.
std::size_t bearer_run(std::string_view token) {
  constexpr std::size_t surely_a_token = 24;
  constexpr std::size_t token_min = 6;
  const auto size =
    run(token, [](char c) { return is_word(c) || std::string_view{"-.~+/="}.find(c) < 6; });
  const bool digits =
    std::any_of(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(size), is_digit);
  return size >= surely_a_token || (digits && size >= token_min) ? size : 0;
}

std::size_t ipv4_run(std::string_view text) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.'))
      return 0;
    unsigned value = 0;
    const auto digits = run(text.substr(at), is_digit);
    if (digits == 0 || digits > 3)
      return 0;
    std::from_chars(text.data() + at, text.data() + at + digits, value);
    if (value > 255)
      return 0;
    at += digits;
  }
  const bool goes_on =
    at < text.size()
    && (is_word(text[at]) || (text[at] == '.' && at + 1 < text.size() && is_digit(text[at + 1])));
  return goes_on ? 0 : at;
}

std::size_t ipv6_run(std::string_view text) {
  const auto hex_or_colon = [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':';
  };
  if (text.starts_with('[')) {
    const auto size = run(text.substr(1), [&](char c) { return hex_or_colon(c) || c == '.'; });
    const auto inside = text.substr(1, size);
    return inside.find("::") != std::string_view::npos && text.substr(1 + size).starts_with(']')
             ? size + 2
             : 0;
  }
  const auto size = run(text, hex_or_colon);
  const auto address = text.substr(0, size);
  const auto colons = std::count(address.begin(), address.end(), ':');
  const bool ends = size == text.size() || !is_word(text[size]);
  const bool complete = address.find("::") != std::string_view::npos ? size > 2 : colons == 7;
  return ends && complete ? size : 0;
}

bool is_internal_name(std::string_view host) {
  constexpr std::array endings{std::string_view{".local"},       std::string_view{".internal"},
                               std::string_view{".lan"},         std::string_view{".corp"},
                               std::string_view{".home.arpa"},   std::string_view{".intranet"},
                               std::string_view{".svc"},         std::string_view{".private"},
                               std::string_view{".localdomain"}, std::string_view{".home"}};
  return host == "localhost" || std::any_of(endings.begin(), endings.end(), [&](auto ending) {
           return host.ends_with(ending);
         });
}

std::string lower(std::string_view text) {
  std::string copy{text};
  std::transform(copy.begin(), copy.end(), copy.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return copy;
}

bool is_host_char(char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '.' || c == '-';
}

/// ":8443", if that is there.
std::size_t port_run(std::string_view text) {
  if (!text.starts_with(':'))
    return 0;
  const auto digits = run(text.substr(1), is_digit);
  const bool ends = digits + 1 >= text.size() || !is_word(text[digits + 1]);
  return digits >= 2 && digits <= 5 && ends ? digits + 1 : 0;
}

/// An address that stands in a sentence without a scheme.
std::size_t host_run(std::string_view text) {
  if (const auto v6 = ipv6_run(text); v6 > 0)
    return v6 + port_run(text.substr(v6));
  if (const auto v4 = ipv4_run(text); v4 > 0)
    return v4 + port_run(text.substr(v4));
  auto size = run(text, is_host_char);
  while (size > 0 && (text[size - 1] == '.' || text[size - 1] == '-'))
    --size;
  if (size == 0 || (size < text.size() && text[size] == '_'))
    return 0;
  const auto host = lower(text.substr(0, size));
  const auto port = port_run(text.substr(size));
  const auto dot = host.rfind('.');
  const bool named = dot != std::string::npos && dot + 2 < host.size() && is_alpha(host[dot + 1]);
  return is_internal_name(host) || (named && port > 0) ? size + port : 0;
}

std::size_t mail_run(std::string_view text) {
  const auto name =
    run(text, [](char c) { return is_word(c) || std::string_view{".%+-"}.find(c) < 4; });
  if (name == 0 || !text.substr(name).starts_with('@'))
    return 0;
  auto host = run(text.substr(name + 1), is_host_char);
  while (host > 0 && text[name + host] == '.')
    --host;
  return host > 0 ? name + 1 + host : 0;
}

std::size_t path_run(std::string_view text) {
  constexpr std::array roots{
    std::string_view{"home"}, std::string_view{"root"},  std::string_view{"tmp"},
    std::string_view{"var"},  std::string_view{"etc"},   std::string_view{"usr"},
    std::string_view{"opt"},  std::string_view{"srv"},   std::string_view{"run"},
    std::string_view{"proc"}, std::string_view{"sys"},   std::string_view{"dev"},
    std::string_view{"mnt"},  std::string_view{"media"}, std::string_view{"private"},
    std::string_view{"app"},  std::string_view{"data"},  std::string_view{"workspace"},
    std::string_view{"nix"},  std::string_view{"Users"}, std::string_view{"Library"}};
  const bool windows = text.size() > 2 && is_alpha(text[0]) && text[1] == ':' && text[2] == '\\';
  if (windows || text.starts_with("~/") || text.starts_with("\\\\"))
    return locator_run(text);
  if (!text.starts_with('/'))
    return 0;
  const auto root = text.substr(1, run(text.substr(1), is_word));
  return std::find(roots.begin(), roots.end(), root) != roots.end() ? locator_run(text) : 0;
}

/// A link that anybody may see, as https://docs.claude.com/en.
bool is_public_link(std::string_view url, std::size_t scheme) {
  if (!starts_with_nocase(url, "https://"))
    return false;
  auto host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find_first_of("@:[") != std::string_view::npos || ipv4_run(host) > 0)
    return false;
  return host.find('.') != std::string_view::npos && !is_internal_name(lower(host));
}

class masker {
public:
  masker(std::string_view text, bool for_clients)
    : text_{text},
      for_clients_{for_clients} {}

  std::string run_through() {
    while (at_ < text_.size())
      if (!mask_known_key() && (!starts_word() || !mask_something()))
        copy(1);
    return std::move(out_);
  }

private:
  [[nodiscard]] bool starts_word() const noexcept { return at_ == 0 || !is_word(text_[at_ - 1]); }

  /// Anthropic's keys, wherever they stand: behind "%20" or "\n" no word seems to begin.
  bool mask_known_key() {
    const auto rest = text_.substr(at_);
    return rest.starts_with("sk-ant-") && mask(key_run(rest), masked_secret);
  }

  bool mask_something() {
    const auto rest = text_.substr(at_);
    if (mask(key_run(rest), masked_secret))
      return true;
    constexpr std::string_view bearer = "bearer ";
    if (starts_with_nocase(rest, bearer)) {
      if (const auto token = bearer_run(rest.substr(bearer.size())); token > 0) {
        copy(bearer.size());
        return mask(token, masked_secret);
      }
    }
    return for_clients_ && mask_place(rest);
  }

  bool mask_place(std::string_view rest) {
    if (const auto scheme = run(rest, is_alpha);
        scheme > 0 && rest.substr(scheme).starts_with("://")) {
      auto size = scheme + 3;
      if (rest.substr(size).starts_with('[')) // an IPv6 address
        size += std::min(rest.substr(size).find(']'), rest.size() - size - 1) + 1;
      const auto url = rest.substr(0, size + locator_run(rest.substr(size)));
      if (!is_public_link(url, scheme))
        return mask(url.size(), masked_address);
      // What follows the path may be a secret of any form.
      const auto shown = url.substr(0, url.find('?'));
      out_ += without_secrets(shown);
      if (shown.size() < url.size())
        out_ += "?...";
      at_ += url.size();
      return true;
    }
    const char before = at_ > 0 ? text_[at_ - 1] : ' ';
    if (before != '/' && mask(path_run(rest), masked_path))
      return true;
    // Inside a dotted or slashed word nothing of these begins.
    if (before == '.' || before == '-' || before == '/')
      return false;
    return mask(mail_run(rest), masked_address) || mask(host_run(rest), masked_address);
  }

  bool mask(std::size_t size, std::string_view by) {
    if (size == 0)
      return false;
    out_ += by;
    at_ += size;
    return true;
  }

  /// Line ends and the like become spaces.
  void copy(std::size_t size) {
    for (; size > 0 && at_ < text_.size(); --size, ++at_) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c >= 0x20 && c != 0x7f)
        out_ += text_[at_];
      else if (!out_.empty() && out_.back() != ' ')
        out_ += ' ';
    }
  }

  std::string_view text_;
  bool for_clients_;
  std::size_t at_ = 0;
  std::string out_;
};

} // namespace

std::string without_secrets(std::string_view text) {
  return masker{text, false}.run_through();
}

std::string fit_for_clients(std::string_view text) {
  return masker{text, true}.run_through();
}

} // namespace ccapi::claude
