#pragma once
// Beast's request parser, fed with bytes and writing into our own request: no field container,
// no copy of fields that nobody asks for.

#include "http/request.hpp"
#include "http/wire/body_budget.hpp"
#include "http/wire/transport_problem.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <string_view>

namespace ccapi::http {

/// Reads one request. The head must have passed validate_framing.
class request_reader final : private boost::beast::http::basic_parser<true> {
public:
  /// `body` is cleared and filled, with at most `body_bytes_max`; its memory is charged to `held`.
  /// Chunk sizes, extensions and trailers count as well beyond free_framing.
  request_reader(body_buffer& body, std::size_t body_bytes_max, body_budget::share& held);

  /// Bytes of chunked framing that do not count toward the body's limit.
  static constexpr std::size_t free_framing = std::size_t{64} << 10;

  /// Takes the complete head and nothing else. Null = fine. fields() refer to these bytes.
  const transport_problem* read_head(std::string_view head);

  struct progress {
    std::size_t consumed = 0;
    const transport_problem* problem = nullptr;
  };
  /// Takes what it can of the body's bytes; fields of a trailer are dropped.
  progress read_body(std::string_view bytes);

  [[nodiscard]] bool complete() const { return is_done(); }
  /// What the head says of the body's length; 0 for chunks.
  [[nodiscard]] std::size_t declared_length() const;
  /// Bytes to make room for before the next read: what is still to come of a known length, within
  /// limits; a guess for chunks.
  [[nodiscard]] std::size_t bytes_wanted() const;

  [[nodiscard]] method verb() const noexcept { return verb_; }
  [[nodiscard]] std::string_view target() const noexcept { return target_; }
  [[nodiscard]] const head_fields& fields() const noexcept { return fields_; }
  /// What the head says; a trailer can't change it.
  [[nodiscard]] bool keeps_alive() const noexcept { return keeps_alive_; }
  [[nodiscard]] bool is_http_10() const noexcept { return version_ == 10; }

private:
  using error_code = boost::beast::error_code;
  using text_view = boost::beast::string_view; // converts to and from std's

  void on_request_impl(boost::beast::http::verb verb, text_view method_text, text_view target,
                       int version, error_code& ec) override;
  void on_response_impl(int, text_view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field name, text_view name_text, text_view value,
                     error_code& ec) override;
  void on_unknown_field(std::string_view name, std::string_view value);
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) override;
  std::size_t on_body_impl(text_view bytes, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t size, text_view extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remaining, text_view bytes, error_code& ec) override;
  void on_finish_impl(error_code&) override {}

  std::size_t take(text_view bytes, error_code& ec);

  body_buffer& body_;
  body_budget::share& held_;
  const std::size_t bytes_max_;
  std::size_t size_max_ = 0;    ///< that this body can reach
  std::size_t chunk_bytes_ = 0; ///< of a chunked body, the framing included
  bool no_room_ = false;
  std::string_view unread_; ///< of the body, as put() has it
  head_fields fields_;
  std::string_view target_;
  method verb_ = method::other;
  int version_ = 11;
  bool keeps_alive_ = false;
  bool head_done_ = false;
};

} // namespace ccapi::http
