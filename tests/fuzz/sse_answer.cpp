// Any course of a turn -> the bytes of a streamed answer. Oracles: the chunk framing is right,
// every event parses, the first one gives the role, exactly one of finish and error comes; [DONE]
// and the last chunk follow the finish and never the error; the text is what the turn said, in
// whole characters.
//
// Input: a byte of options, then lines. '{' begins a line of the CLI; "a" asked, "t" text, "r"
// reasoning, "m" model, "f" finished, "x" failed are events; "w" written, "p" wake, "l" flush, "g"
// client gone.

#include "claude/decoder.hpp"
#include "claude/turn_mapper.hpp"
#include "http/http_shard.hpp"
#include "http/sse_writer.hpp"
#include "json/utf8.hpp"
#include "openai/chat_encoder.hpp"
#include "openai/protocol.hpp"

#include <simdjson.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace ccapi;

void require(bool condition) {
  if (!condition)
    std::abort();
}

class counting_gateway final : public domain::gateway {
public:
  using shown = std::function<void(domain::result<domain::conversation_info>)>;

  domain::turn_id submit(domain::chat_request, std::shared_ptr<domain::event_sink>) override {
    return {};
  }
  void cancel(domain::turn_id) override { ++cancelled; }
  void acknowledge(domain::turn_id, std::size_t bytes) override { acknowledged += bytes; }
  const domain::health& current_health() const override { return health_; }
  domain::stats& totals() override { return totals_; }
  void collect_stats(std::function<void(const domain::stats&)>) override {}
  void create_conversation(std::string, domain::new_conversation, shown) override {}
  void list_conversations(std::string, std::size_t,
                          std::function<void(domain::result<domain::conversation_page>)>) override {
  }
  void show_conversation(domain::conversation_name, shown) override {}
  void remove_conversation(domain::conversation_name, shown) override {}

  unsigned cancelled = 0;
  std::size_t acknowledged = 0;

private:
  domain::health health_;
  domain::stats totals_;
};

struct world {
  counting_gateway gateway;
  http::http_shard shard{gateway,
                         {.openai = &openai::protocol, .otherwise = &openai::protocol},
                         http::host_allow_list{{}, 8080},
                         settings(),
                         "1",
                         observe::logger{}};

  static http::shard_settings settings() {
    http::shard_settings made;
    made.limits.stream_ping_interval = std::chrono::milliseconds{0};
    made.limits.stream_buffer_bytes = 4096;
    made.models = std::make_shared<domain::model_catalog>(
      "sonnet", std::vector<domain::model_catalog::alias>{{"gpt-*", "default"}},
      std::vector<std::string>{"sonnet"});
    made.keys = std::make_shared<http::key_ring>();
    made.failures = std::make_shared<http::auth_failures>();
    return made;
  }
};

constexpr std::string_view head = "HTTP/1.1 200 OK\r\n\r\n";

/// Takes what the writer says, and nothing at a wrong time.
class recording_exchange final : public http::exchange {
public:
  recording_exchange(http::http_shard& home, bool chunked)
    : shard_{home},
      chunked_{chunked} {
    request_.dialect = &openai::protocol;
  }

  http::request& request() override { return request_; }
  http::http_shard& shard() override { return shard_; }
  void guarded(const std::function<void()>& step) noexcept override { step(); }
  void note_conversation(std::string_view) override { require(!over); }
  void reply(const http::response_head& answer, std::string_view body) override {
    require(!over && sent.empty() && !begun_ && answer.status >= 400);
    refusal = body;
    over = true;
  }
  void work_on(std::shared_ptr<http::answer>) override {}
  void wake_at(std::chrono::steady_clock::time_point) override { require(!over); }
  bool begin_stream(const http::response_head& answer, std::string& out) override {
    require(!over && !std::exchange(begun_, true) && answer.status == 200);
    out += head;
    return chunked_;
  }
  void write(std::string& bytes, std::size_t from, http::stream_piece piece) override {
    require(!over && !writing && from <= bytes.size());
    sent.append(bytes, from);
    bytes.clear();
    writing = true;
    over = piece != http::stream_piece::middle;
    cut = piece == http::stream_piece::cut;
  }

  std::string sent;
  std::string refusal;
  bool writing = false;
  bool over = false; ///< the exchange isn't the writer's any more
  bool cut = false;  ///< it said that the answer failed

private:
  http::request request_;
  http::http_shard& shard_;
  const bool chunked_;
  bool begun_ = false;
};

/// What the turn said.
struct told {
  std::string text;
  std::string reasoning;
  bool finished = false;
  bool failed = false;
};

class turn {
public:
  turn(world& around, std::uint8_t options)
    : client_{around.shard, (options & 1) == 0},
      writer_{std::make_shared<http::sse_writer>(
        client_,
        http::chat_plan{.requested_model = "gpt-4o",
                        .resolved_model = "sonnet",
                        .ignored_params = {},
                        .echo_requested = (options & 4) != 0,
                        .encoder = std::make_unique<openai::chat_encoder>((options & 2) != 0)})} {
    writer_->start(1);
    writer_->on_event(domain::turn_accepted{"conversation"});
  }

  void play(std::string_view line) {
    if (line.empty() || gone)
      return;
    const auto rest = line.substr(1);
    switch (line.front()) {
    case '{':
      return play_cli(line);
    case 'a':
      asked_ = true;
      return say(domain::question_sent{});
    case 't':
      return say(domain::text_delta{std::string{rest}});
    case 'r':
      return say(domain::reasoning_delta{std::string{rest}});
    case 'm':
      return say(domain::answer_started{std::string{rest}});
    case 'f':
      return say(domain::turn_finished{.reason = domain::finish_reason{rest.size() % 3 == 0},
                                       .usage = {.output_tokens = 7},
                                       .model = std::string{rest}});
    case 'x':
      return say(domain::turn_failed{
        {.code = domain::error_code::overloaded, .message = std::string{rest}}});
    case 'w':
      return written();
    case 'p':
      return wake();
    case 'l':
      return writer_->on_flush();
    case 'g':
      if (!client_.over) {
        gone = client_.over = true;
        writer_->on_gone();
      }
      return;
    default:
      return;
    }
  }

  /// The end that every turn comes to.
  void end() {
    say(domain::turn_failed{{.code = domain::error_code::timeout, .message = "The turn is late."}});
    writer_->on_flush();
    while (client_.writing && !client_.over)
      written();
  }

  [[nodiscard]] const recording_exchange& client() const { return client_; }
  [[nodiscard]] const told& said() const { return said_; }
  bool gone = false;

private:
  /// Time alone opens a stream only if a process was asked.
  void wake() {
    if (client_.over)
      return;
    const bool silent = client_.sent.empty();
    writer_->on_wake();
    require(asked_ || client_.sent.empty() == silent);
  }

  void written() {
    if (client_.over || !std::exchange(client_.writing, false))
      return;
    writer_->on_written();
  }

  void play_cli(std::string_view line) {
    std::string buffer{line};
    buffer.reserve(line.size() + 64);
    const auto decoded = decoder_.decode(buffer);
    if (const auto* what = std::get_if<claude::message>(&decoded)) {
      std::vector<domain::event> events;
      mapper_.on_message(*what, events);
      for (auto& event : events)
        say(std::move(event));
    }
  }

  /// Holds the order that a gateway promises: nothing behind a terminal event.
  void say(domain::event what) {
    if (said_.finished || said_.failed || gone)
      return;
    if (const auto* text = std::get_if<domain::text_delta>(&what)) {
      if (!json::is_valid(text->text))
        return;
      said_.text += text->text;
    } else if (const auto* reasoning = std::get_if<domain::reasoning_delta>(&what)) {
      if (!json::is_valid(reasoning->text))
        return;
      said_.reasoning += reasoning->text;
    } else if (const auto* started = std::get_if<domain::answer_started>(&what)) {
      if (!json::is_valid(started->model))
        return;
    } else if (const auto* finished = std::get_if<domain::turn_finished>(&what)) {
      if (!json::is_valid(finished->model))
        return;
      said_.finished = true;
    } else if (const auto* failed = std::get_if<domain::turn_failed>(&what)) {
      if (!json::is_valid(failed->failure.message) || failed->failure.message.empty())
        return;
      said_.failed = true;
    }
    writer_->on_event(std::move(what));
  }

  claude::decoder decoder_;
  claude::turn_mapper mapper_{[] { return std::chrono::system_clock::time_point{}; }};
  recording_exchange client_;
  told said_;
  bool asked_ = false;
  std::shared_ptr<http::sse_writer> writer_;
};

/// The body that the chunks carry; each one whole, none empty but the last.
std::string without_chunks(std::string_view bytes, bool complete) {
  std::string body;
  while (!bytes.empty()) {
    const auto line_end = bytes.find("\r\n");
    require(line_end != std::string_view::npos && line_end > 0);
    char* end = nullptr;
    const std::string digits{bytes.substr(0, line_end)};
    const auto size = std::strtoul(digits.c_str(), &end, 16);
    require(*end == '\0');
    bytes.remove_prefix(line_end + 2);
    if (size == 0) {
      require(complete && bytes == "\r\n");
      return body;
    }
    require(bytes.size() >= size + 2 && bytes.substr(size, 2) == "\r\n");
    body += bytes.substr(0, size);
    bytes.remove_prefix(size + 2);
  }
  require(!complete);
  return body;
}

/// Reads the events of an answer in the order in which they may come.
class answer_check {
public:
  explicit answer_check(const told& said)
    : said_{said} {}

  void take(std::string_view event) {
    require(!done_);
    if (event == ": ping")
      return;
    require(event.starts_with("data: ") && event.find('\n') == std::string_view::npos);
    event.remove_prefix(6);
    if (event == "[DONE]") {
      require(finished_ && !failed_);
      done_ = true;
      return;
    }
    std::string json{event};
    json.reserve(json.size() + simdjson::SIMDJSON_PADDING);
    const simdjson::dom::object object = parser_.parse(json);
    require(!failed_);
    if (object["error"].error() == simdjson::SUCCESS) {
      require(!finished_ && !std::string_view{object["error"]["message"]}.empty());
      failed_ = true;
      return;
    }
    take_choices(object, simdjson::dom::array{object["choices"]});
  }

  void end(bool complete, bool cut) const {
    require(done_ == (complete && !cut) && failed_ == cut);
    require(said_.text.starts_with(text_) && said_.reasoning.starts_with(reasoning_));
    if (finished_)
      require(said_.finished && text_ == said_.text && reasoning_ == said_.reasoning);
  }

private:
  void take_choices(const simdjson::dom::object& object, const simdjson::dom::array& choices) {
    if (finished_) { // only the usage may follow
      require(choices.size() == 0 && !std::exchange(usage_, true));
      require(object["usage"]["completion_tokens"].is_int64());
      return;
    }
    require(choices.size() == 1);
    const simdjson::dom::object delta = choices.at(0)["delta"];
    const bool first = !std::exchange(begun_, true);
    require((delta["role"].error() == simdjson::SUCCESS) == first);
    require((object["conversation_id"].error() == simdjson::SUCCESS) == first);
    std::string_view piece;
    if (delta["content"].get(piece) == simdjson::SUCCESS)
      text_ += piece;
    if (delta["reasoning_content"].get(piece) == simdjson::SUCCESS)
      reasoning_ += piece;
    finished_ = !choices.at(0)["finish_reason"].is_null();
  }

  const told& said_;
  simdjson::dom::parser parser_;
  std::string text_;
  std::string reasoning_;
  bool begun_ = false;
  bool finished_ = false;
  bool usage_ = false;
  bool failed_ = false;
  bool done_ = false;
};

void check(const turn& played, bool chunked) {
  const auto& client = played.client();
  const bool complete = !played.gone;
  require(client.over);
  if (!client.refusal.empty()) {
    require(client.refusal.starts_with(R"({"error":{)") && played.said().failed);
    return;
  }
  std::string_view bytes{client.sent};
  if (bytes.empty())
    return require(!complete);
  require(bytes.starts_with(head));
  bytes.remove_prefix(head.size());
  const auto body = chunked ? without_chunks(bytes, complete && !client.cut) : std::string{bytes};
  require(json::is_valid(body) && body.ends_with("\n\n"));
  answer_check answer{played.said()};
  for (std::string_view rest{body}; !rest.empty();) {
    const auto end = rest.find("\n\n");
    answer.take(rest.substr(0, end));
    rest.remove_prefix(end + 2);
  }
  answer.end(complete, client.cut);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static world around;
  if (size == 0)
    return 0;
  const auto acknowledged = around.gateway.acknowledged;
  turn played{around, data[0]};
  const std::string input{data + 1, data + size};
  for (std::string_view rest{input}; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    played.play(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  played.end();
  check(played, (data[0] & 1) == 0);
  require(around.gateway.acknowledged - acknowledged
          <= played.said().text.size() + played.said().reasoning.size());
  return 0;
}
