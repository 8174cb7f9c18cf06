// Any course of a turn -> the bytes of a streamed answer. Oracles: the chunk framing is right,
// every event parses, the first one gives the role, exactly one of finish and error comes; [DONE]
// and the last chunk follow the finish and never the error; the text is what the turn said, in
// whole characters.
//
// Input: a byte of options, then lines. '{' begins a line of the CLI; "a" asked, "t" text, "r"
// reasoning, "c" call begun, "i" its arguments, "m" model, "f" finished, "x" failed are events; "w"
// written, "p" wake, "l" flush, "g" client gone.

#include "claude/decoder.hpp"
#include "claude/turn_mapper.hpp"
#include "http/answers/sse_writer.hpp"
#include "json/utf8.hpp"
#include "openai/chat_encoder.hpp"
#include "sse_answer_check.hpp"
#include "sse_around.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace ccapi;
using namespace fuzz;

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
    case 'c':
      return say(domain::tool_call_started{said_.calls.size(), "toolu", std::string{rest}});
    case 'i':
      return say(domain::tool_input_delta{said_.calls.size() - 1, std::string{rest}});
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
    } else if (const auto* call = std::get_if<domain::tool_call_started>(&what)) {
      if (call->index != said_.calls.size() || !json::is_valid(call->name)
          || !json::is_valid(call->id))
        return;
      said_.calls.emplace_back();
      said_.calls_bytes += call->id.size() + call->name.size();
    } else if (const auto* input = std::get_if<domain::tool_input_delta>(&what)) {
      if (said_.calls.empty() || input->index + 1 != said_.calls.size()
          || !json::is_valid(input->json))
        return;
      said_.calls.back() += input->json;
      said_.calls_bytes += input->json.size();
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
  require(around.gateway.acknowledged - acknowledged <= played.said().text.size()
                                                          + played.said().reasoning.size()
                                                          + played.said().calls_bytes);
  return 0;
}
