#include "http/answers/response.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace ccapi::http {

namespace {

void append_number(std::string& out, std::int64_t value) {
  std::array<char, 20> digits; // NOLINT: filled by to_chars
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

constexpr bool is_unsafe(char c) noexcept {
  return c < ' ' || c > '~';
}

} // namespace

void append_response_head(std::string& out, const response_head& head,
                          const response_frame& frame) {
  const auto reason =
    boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(head.status));
  out += "HTTP/1.1 ";
  append_number(out, head.status);
  out += ' ';
  out += reason;
  out += "\r\ndate: ";
  out += frame.date;
  const bool has_no_content = head.status == 204;
  if (!has_no_content) {
    out += "\r\ncontent-type: ";
    out += head.content_type;
  }
  switch (frame.end) {
  case body_end::length:
    if (has_no_content)
      break; // RFC 9110: no length either
    out += "\r\ncontent-length: ";
    append_number(out, static_cast<std::int64_t>(frame.length));
    break;
  case body_end::chunked:
    out += "\r\ntransfer-encoding: chunked";
    break;
  case body_end::close:
    break;
  }
  out += "\r\nx-request-id: ";
  out += frame.request_id;
  out += "\r\n";
  frame.dialect->append_headers(out, frame.processing);
  out += frame.extra;
  if (frame.demo)
    out += "x-ccapi-demo: 1\r\n";
  out += head.extra;
  if (!frame.keep_alive)
    out += "connection: close\r\n";
  else if (frame.http_10)
    out += "connection: keep-alive\r\n";
  out += "\r\n";
}

void append_header(std::string& lines, std::string_view name, std::string_view value) {
  const auto end = value.data() + value.size();
  if (value.empty() || std::find_if(value.data(), end, is_unsafe) != end)
    return;
  lines.append(name).append(": ", 2).append(value).append("\r\n", 2);
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty())
    return;
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), bytes.size(), 16).ptr;
  out.append(digits.begin(), end).append("\r\n", 2).append(bytes).append("\r\n", 2);
}

std::string_view http_date::at(std::time_t now) {
  if (now != second_) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    const auto length =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    text_.assign(text.data(), length);
    second_ = now;
  }
  return text_;
}

} // namespace ccapi::http
