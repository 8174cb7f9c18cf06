#pragma once
// Renders the head of a response as bytes. Half the cost of Beast's serializer, and one write for
// head and body. Pure but for the date.

#include "dialect/protocol.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace ccapi::http {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view text_type = "text/plain; charset=utf-8";
constexpr std::string_view event_stream_type = "text/event-stream; charset=utf-8";

/// What a handler decides.
struct response_head {
  unsigned status = 200;
  std::string_view content_type = json_type; ///< empty: none, for answers without a body
  std::string_view extra{};                  ///< further fields, complete lines (append_header)
  bool close = false;                        ///< end the connection behind this answer
};

/// How the client learns where the body ends.
enum class body_end : std::uint8_t { length, chunked, close };

/// What the connection decides.
struct response_frame {
  const dialect::protocol* dialect; ///< never null
  body_end end = body_end::length;
  std::size_t length = 0; ///< of the body, for body_end::length
  bool http_10 = false;
  bool keep_alive = true;
  bool demo = false; ///< adds x-ccapi-demo: nobody shall take the answer for Claude's
  std::string_view request_id{};
  std::string_view extra{}; ///< fields of every answer to this request, complete lines
  std::string_view date{};  ///< IMF-fixdate
  std::chrono::milliseconds processing{0};
};

void append_response_head(std::string& out, const response_head& head, const response_frame& frame);

/// Appends "name: value" and CRLF; nothing if the value holds other than visible ASCII and spaces
/// (it may come from the CLI) or is empty.
void append_header(std::string& lines, std::string_view name, std::string_view value);

/// Appends a chunk of a chunked body; nothing if it is empty, which would end the body.
void append_chunk(std::string& out, std::string_view bytes);
constexpr std::string_view last_chunk = "0\r\n\r\n";

/// The Date field's value, formatted at most once a second. One per I/O thread.
class http_date {
public:
  std::string_view at(std::time_t now);

private:
  std::time_t second_ = -1;
  std::string text_;
};

} // namespace ccapi::http
