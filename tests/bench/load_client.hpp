#pragma once
// load_client: one keep-alive connection of the load generator. Sends a request, takes the answer
// apart as it comes and checks it against the question.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

using clock = std::chrono::steady_clock;

enum class scenario : std::uint8_t {
  health,  ///< GET /health
  keyed,   ///< the same, with an API key
  refused, ///< GET /v1/models without a key: 401
  cached,  ///< a chat completion that the gateway has in its cache
  turn,    ///< chat completion in one piece
  stream,  ///< streamed; the CLI says all at once
  paced,   ///< streamed; the CLI pauses 1 ms between deltas
};

/// It has a conversation.
constexpr bool is_chat(scenario what) noexcept {
  return what >= scenario::turn;
}

/// Deltas in every answer; the fake CLI must be told the same.
inline constexpr int deltas_per_answer = 16;

/// Throws std::runtime_error when the server can't be reached or answers anything but what was
/// asked for: a benchmark over wrong answers is worth nothing.
class load_client {
public:
  explicit load_client(std::uint16_t port);
  load_client(const load_client&) = delete;
  load_client& operator=(const load_client&) = delete;
  ~load_client();

  /// Sends a request. Connects anew if the server has announced that it closes.
  void ask(scenario what, std::string_view conversation, std::uint64_t number);
  /// Reads what is there. True: the answer is complete and right.
  bool on_readable();

  [[nodiscard]] int descriptor() const noexcept { return socket_; }
  /// From the request to the end of the answer, and to its first text.
  [[nodiscard]] clock::duration took() const noexcept { return ended_ - asked_; }
  [[nodiscard]] clock::duration first_text_took() const noexcept { return first_text_ - asked_; }

private:
  void connect();
  void send_request(std::string_view conversation);
  [[nodiscard]] bool complete();
  void read_head();
  void check() const;
  [[noreturn]] void fail(std::string_view why) const;

  std::uint16_t port_;
  int socket_ = -1;
  bool server_closes_ = true; ///< a connection has to be made first
  scenario what_ = scenario::health;
  std::string mark_; ///< the answer's words are MARK-0, MARK-1, ...
  std::string request_;
  std::string received_;
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool chunked_ = false;
  clock::time_point asked_, first_text_, ended_;
};

} // namespace bench
