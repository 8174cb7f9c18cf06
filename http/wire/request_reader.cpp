// GCC 12 believes that Beast reads an empty boost::optional<std::uint64_t> (it copies it).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "http/wire/request_reader.hpp"

#include "http/wire/ascii.hpp"
#include "http/wire/cache_control.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace ccapi::http {

namespace beast = boost::beast;

namespace {

constexpr transport_problem bad_head{400, error_kind::invalid_request, "invalid_http",
                                     "The request's header is malformed.", true};

/// A declared length is only trusted this far before its bytes are here.
constexpr std::size_t body_reserve_max = std::size_t{64} << 10;
constexpr std::size_t body_read_max = std::size_t{64} << 10;
constexpr std::size_t chunked_read = std::size_t{16} << 10;

/// `bytes`: from the end of the last chunk's size line on.
bool has_folded_trailer(std::string_view bytes) {
  const auto trailer = bytes.substr(0, bytes.find("\r\n\r\n"));
  return trailer.find("\r\n ") != std::string_view::npos
         || trailer.find("\r\n\t") != std::string_view::npos;
}

void set_once(std::optional<std::string_view>& slot, std::string_view value) {
  slot = slot ? head_fields::repeated : value;
}

} // namespace

request_reader::request_reader(body_buffer& body, std::size_t body_bytes_max,
                               body_budget::share& held)
  : body_{body},
    held_{held},
    bytes_max_{body_bytes_max},
    size_max_{body_bytes_max} {
  body_.clear();
  body_limit(body_bytes_max);
  header_limit(0xffffffff); // head_scanner has limited it already
  eager(true);
}

const transport_problem* request_reader::read_head(std::string_view head) {
  error_code ec;
  put(boost::asio::buffer(head.data(), head.size()), ec);
  if (ec == beast::http::error::body_limit)
    return &body_too_large;
  if (ec || !is_header_done())
    return &bad_head;
  head_done_ = true;
  fields_.has_body = !is_done();
  keeps_alive_ = keep_alive();
  return nullptr;
}

request_reader::progress request_reader::read_body(std::string_view bytes) {
  progress made;
  while (!is_done() && made.consumed < bytes.size()) {
    const auto rest = bytes.substr(made.consumed);
    // A chunked body always ends with five bytes that are taken together; with fewer, Beast 1.81
    // runs into an assertion of its own when they trickle in.
    if (chunked() && rest.size() < 5)
      break;
    error_code ec;
    unread_ = rest;
    const auto taken = put(boost::asio::buffer(rest.data(), rest.size()), ec);
    made.consumed += taken;
    if (chunked())
      chunk_bytes_ += taken;
    if (no_room_)
      made.problem = &bodies_full;
    else if (ec == beast::http::error::body_limit || chunk_bytes_ > bytes_max_ + free_framing)
      made.problem = &body_too_large;
    else if (ec == beast::http::error::need_more)
      break;
    else if (ec)
      made.problem = &bad_body_framing;
    if (made.problem)
      break;
  }
  return made;
}

std::size_t request_reader::declared_length() const {
  return static_cast<std::size_t>(content_length().value_or(0));
}

std::size_t request_reader::bytes_wanted() const {
  const auto remaining = content_length_remaining();
  return remaining ? std::clamp<std::size_t>(*remaining, 1, body_read_max) : chunked_read;
}

void request_reader::on_request_impl(beast::http::verb verb, text_view, text_view target,
                                     int version, error_code&) {
  if (verb == beast::http::verb::get)
    verb_ = method::get;
  else if (verb == beast::http::verb::post)
    verb_ = method::post;
  else if (verb == beast::http::verb::head)
    verb_ = method::head;
  else if (verb == beast::http::verb::delete_)
    verb_ = method::del;
  else if (verb == beast::http::verb::options)
    verb_ = method::options;
  target_ = target;
  version_ = version;
}

void request_reader::on_field_impl(beast::http::field name, text_view name_text, text_view value,
                                   error_code&) {
  if (head_done_)
    return; // a trailer
  using beast::http::field;
  switch (name) {
  case field::host:
    return set_once(fields_.host, value);
  case field::origin:
    return set_once(fields_.origin, value);
  case field::sec_fetch_site:
    return set_once(fields_.sec_fetch_site, value);
  case field::content_type:
    return set_once(fields_.content_type, value);
  case field::content_encoding:
    return set_once(fields_.content_encoding, value);
  case field::accept:
    fields_.accept = value;
    return;
  case field::cache_control:
    return apply_cache_control(value, fields_.cache);
  case field::authorization:
    return set_once(fields_.authorization, value);
  case field::access_control_request_method:
    return set_once(fields_.access_control_request_method, value);
  case field::access_control_request_headers:
    return set_once(fields_.access_control_request_headers, value);
  case field::expect:
    fields_.expects_continue = true; // the only expectation that framing lets through
    return;
  case field::unknown:
    return on_unknown_field(name_text, value);
  default:
    return;
  }
}

/// Fields that Beast has no name for.
void request_reader::on_unknown_field(std::string_view name, std::string_view value) {
  if (ascii::equals_lower(name, "x-request-id"))
    fields_.request_id = value;
  else if (ascii::equals_lower(name, "x-ccapi-strict"))
    fields_.strict = value;
  else if (ascii::equals_lower(name, "x-api-key"))
    set_once(fields_.x_api_key, value);
  else if (ascii::equals_lower(name, "idempotency-key"))
    set_once(fields_.idempotency_key, value);
  else if (ascii::equals_lower(name, "api-key"))
    set_once(fields_.api_key, value);
  else if (ascii::equals_lower(name, "access-control-request-private-network"))
    fields_.access_control_request_private_network = true;
}

void request_reader::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
  if (!length)
    return;
  size_max_ = std::min<std::size_t>(*length, bytes_max_);
  static_cast<void>(make_room(body_, std::min(size_max_, body_reserve_max), size_max_, held_));
}

std::size_t request_reader::take(text_view bytes, error_code& ec) {
  no_room_ = !make_room(body_, bytes.size(), size_max_, held_) || !body_.append(bytes);
  if (no_room_)
    ec = beast::http::error::body_limit;
  return bytes.size();
}

std::size_t request_reader::on_body_impl(text_view bytes, error_code& ec) {
  return take(bytes, ec);
}

/// Beast takes line feeds and other controls inside of a quoted extension, and unfolds the lines of
/// a trailer: two places where other readers find another end.
void request_reader::on_chunk_header_impl(std::uint64_t size, text_view extensions,
                                          error_code& ec) {
  if (!ascii::all_in(ascii::value, extensions))
    ec = beast::http::error::bad_chunk_extension;
  const auto line_end = extensions.data() + extensions.size();
  if (size == 0
      && has_folded_trailer(unread_.substr(static_cast<std::size_t>(line_end - unread_.data()))))
    ec = beast::http::error::bad_value;
}

std::size_t request_reader::on_chunk_body_impl(std::uint64_t, text_view bytes, error_code& ec) {
  return take(bytes, ec);
}

} // namespace ccapi::http
