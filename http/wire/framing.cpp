#include "http/wire/framing.hpp"

#include "http/wire/ascii.hpp"

namespace ccapi::http {

namespace {

constexpr transport_problem refusal(std::string_view message, unsigned status = 400) {
  return {status, error_kind::invalid_request, "invalid_http", message, true};
}

constexpr auto bad_line_end = refusal("Lines of the header must end with CRLF.");
constexpr auto bad_request_line = refusal("The request line is malformed.");
constexpr auto bad_target =
  refusal("The request target must be a path of visible ASCII characters (no full URL).");
constexpr auto bad_version = refusal("Only HTTP/1.1 and HTTP/1.0 are spoken here.", 505);
constexpr auto unknown_method = refusal("This method is not implemented.", 501);
constexpr auto bad_field = refusal("A header field is malformed.");
constexpr auto folded_field = refusal("Folded header lines are not accepted.");
constexpr auto bad_host = refusal("Exactly one Host header field is needed.");
constexpr auto bad_length =
  refusal("Content-Length must be given at most once, as decimal digits only.");
constexpr auto length_and_encoding =
  refusal("Content-Length and Transfer-Encoding must not be given together.");
constexpr auto unknown_encoding =
  refusal("The only Transfer-Encoding that is implemented is chunked, given once.", 501);
constexpr auto encoding_on_http_10 = refusal("HTTP/1.0 has no Transfer-Encoding.");
constexpr auto unknown_expectation =
  refusal("The only expectation that is understood is 100-continue.", 417);
constexpr auto unwanted_body =
  refusal("GET, HEAD, DELETE and OPTIONS requests must not have a body.");

constexpr std::string_view http_2_line = "PRI * HTTP/2.0";

enum class http_version : std::uint8_t { v1_0, v1_1 };

struct request_line {
  const transport_problem* problem = nullptr;
  http_version version = http_version::v1_1;
  bool body_allowed = true;
};

bool is_known_method(std::string_view method) noexcept {
  for (const std::string_view known :
       {"POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "QUERY", "TRACE", "CONNECT"})
    if (method == known)
      return true;
  return false;
}

const transport_problem* check_version(std::string_view text, http_version& version) noexcept {
  if (text == "HTTP/1.1") {
    version = http_version::v1_1;
    return nullptr;
  }
  if (text == "HTTP/1.0") {
    version = http_version::v1_0;
    return nullptr;
  }
  const bool well_formed = text.size() == 8 && text.starts_with("HTTP/") && ascii::is_digit(text[5])
                           && text[6] == '.' && ascii::is_digit(text[7]);
  return well_formed ? &bad_version : &bad_request_line;
}

/// `line` without its CRLF.
request_line check_request_line(std::string_view line) noexcept {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end <= method_end)
    return {.problem = &bad_request_line};
  const auto method = line.substr(0, method_end);
  const auto target = line.substr(method_end + 1, target_end - method_end - 1);
  if (method.empty() || !ascii::all_in(ascii::token, method))
    return {.problem = &bad_request_line};
  request_line found{.body_allowed = method != "GET" && method != "HEAD" && method != "DELETE"
                                     && method != "OPTIONS"};
  found.problem = check_version(line.substr(target_end + 1), found.version);
  if (found.problem)
    return found;
  if (!is_known_method(method))
    found.problem = &unknown_method;
  else if (!ascii::all_in(ascii::target, target)
           || !(target.starts_with('/') || (target == "*" && method == "OPTIONS")))
    found.problem = &bad_target;
  return found;
}

bool is_length(std::string_view text) noexcept {
  // 19 digits always fit into 64 bits; leading zeros beyond that are nobody's honest length.
  return !text.empty() && text.size() <= 19
         && std::all_of(text.begin(), text.end(), ascii::is_digit);
}

/// What the fields say about where the request ends.
struct framing_fields {
  unsigned hosts = 0;
  unsigned lengths = 0;
  unsigned encodings = 0;
  bool length_is_zero = true;
  bool only_chunked = true;
  bool strange_expectation = false;
};

const transport_problem* take_field(std::string_view line, framing_fields& fields) noexcept {
  if (line.front() == ' ' || line.front() == '\t')
    return &folded_field;
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return &bad_field;
  const auto name = line.substr(0, colon);
  const auto raw_value = line.substr(colon + 1);
  if (!ascii::all_in(ascii::token, name) || !ascii::all_in(ascii::value, raw_value))
    return &bad_field;
  // The length tells most fields apart from the few that matter here.
  switch (name.size()) {
  case 4:
    if (ascii::equals_lower(name, "host"))
      ++fields.hosts;
    break;
  case 6:
    if (ascii::equals_lower(name, "expect")
        && !ascii::equals_lower(ascii::trim(raw_value), "100-continue"))
      fields.strange_expectation = true;
    break;
  case 14:
    if (ascii::equals_lower(name, "content-length")) {
      const auto value = ascii::trim(raw_value);
      if (++fields.lengths > 1 || !is_length(value))
        return &bad_length;
      fields.length_is_zero = value.find_first_not_of('0') == std::string_view::npos;
    }
    break;
  case 17:
    if (ascii::equals_lower(name, "transfer-encoding")) {
      ++fields.encodings;
      if (!ascii::equals_lower(ascii::trim(raw_value), "chunked"))
        fields.only_chunked = false;
    }
    break;
  default:
    break;
  }
  return nullptr;
}

const transport_problem* check_together(const request_line& line,
                                        const framing_fields& fields) noexcept {
  if (fields.hosts > 1 || (fields.hosts == 0 && line.version == http_version::v1_1))
    return &bad_host;
  if (fields.lengths > 0 && fields.encodings > 0)
    return &length_and_encoding;
  if (fields.encodings > 0 && line.version == http_version::v1_0)
    return &encoding_on_http_10;
  if (fields.encodings > 1 || !fields.only_chunked)
    return &unknown_encoding;
  if (!line.body_allowed && (fields.encodings > 0 || !fields.length_is_zero))
    return &unwanted_body;
  if (fields.strange_expectation)
    return &unknown_expectation;
  return nullptr;
}

} // namespace

constexpr transport_problem http_2_preface = refusal(bad_version.message, bad_version.status);

head_scanner::finding head_scanner::scan(std::string_view bytes,
                                         const config::limits_settings& limits) noexcept {
  if (!bytes.empty() && scanned_ == 0 && !ascii::in(ascii::token, bytes.front()))
    return {.problem = &bad_request_line}; // TLS, an empty line, or noise: don't wait for more
  for (;;) {
    const auto line_feed = bytes.find('\n', scanned_);
    if (line_feed == std::string_view::npos)
      break;
    scanned_ = line_feed + 1;
    if (line_feed == line_start_ || bytes[line_feed - 1] != '\r')
      return {.problem = &bad_line_end};
    if (scanned_ > limits.header_bytes_max)
      return {.problem = &head_too_large};
    const auto line = bytes.substr(line_start_, line_feed - 1 - line_start_);
    if (line.find('\r') != std::string_view::npos)
      return {.problem = &bad_line_end};
    if (line.empty())
      return {.head_bytes = scanned_};
    if (lines_ == 0 && line.size() > limits.request_line_bytes_max)
      return {.problem = &target_too_long};
    if (lines_ == 0 && line == http_2_line)
      return {.problem = &http_2_preface};
    if (lines_ == 0)
      if (const auto* problem = check_request_line(line).problem)
        return {.problem = problem};
    if (++lines_ > limits.header_fields_max + std::size_t{1})
      return {.problem = &head_too_large};
    line_start_ = scanned_;
  }
  scanned_ = bytes.size();
  if (lines_ == 0 && bytes.size() > limits.request_line_bytes_max)
    return {.problem = &target_too_long};
  if (bytes.size() >= limits.header_bytes_max)
    return {.problem = &head_too_large};
  return {};
}

const transport_problem* validate_framing(std::string_view head) noexcept {
  auto line_end = head.find("\r\n");
  if (line_end == std::string_view::npos)
    return &bad_line_end;
  const auto line = check_request_line(head.substr(0, line_end));
  if (line.problem)
    return line.problem;
  framing_fields fields;
  for (;;) {
    const auto start = line_end + 2;
    line_end = head.find("\r\n", start);
    if (line_end == std::string_view::npos)
      return &bad_line_end; // no empty line at the end
    if (line_end == start)
      break;
    if (const auto* problem = take_field(head.substr(start, line_end - start), fields))
      return problem;
  }
  if (line_end + 2 != head.size())
    return &bad_line_end; // bytes behind the head belong to somebody else
  return check_together(line, fields);
}

} // namespace ccapi::http
