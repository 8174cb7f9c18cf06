#pragma once
// Reads a streamed answer in OpenAI's form and stops the fuzzer where it is out of order.

#include "sse_around.hpp"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::fuzz {

/// What the turn said.
struct told {
  std::string text;
  std::string reasoning;
  std::vector<std::string> calls; ///< their arguments
  std::size_t calls_bytes = 0;    ///< with ids and names
  bool finished = false;
  bool failed = false;
};

/// The body that the chunks carry; each one whole, none empty but the last.
inline std::string without_chunks(std::string_view bytes, bool complete) {
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
    require(calls_.size() <= said_.calls.size());
    for (std::size_t index = 0; index < calls_.size(); ++index)
      require(calls_[index] == "{}" || said_.calls[index].starts_with(calls_[index]));
    if (!finished_)
      return;
    require(said_.finished && text_ == said_.text && reasoning_ == said_.reasoning);
    require(calls_.size() == said_.calls.size());
    for (std::size_t index = 0; index < calls_.size(); ++index)
      require(calls_[index] == (said_.calls[index].empty() ? "{}" : said_.calls[index]));
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
    if (simdjson::dom::array calls; delta["tool_calls"].get(calls) == simdjson::SUCCESS)
      take_call(calls);
    finished_ = !choices.at(0)["finish_reason"].is_null();
  }

  /// One call in each chunk: it begins with its name, then come its arguments.
  void take_call(const simdjson::dom::array& calls) {
    require(calls.size() == 1);
    const simdjson::dom::object call = calls.at(0);
    const auto index = std::uint64_t{call["index"]};
    if (call["id"].error() == simdjson::SUCCESS) {
      require(index == calls_.size() && call["function"]["name"].is_string());
      calls_.emplace_back();
    }
    require(index + 1 == calls_.size());
    calls_.back() += std::string_view{call["function"]["arguments"]};
  }

  const told& said_;
  simdjson::dom::parser parser_;
  std::string text_;
  std::string reasoning_;
  std::vector<std::string> calls_; ///< their arguments
  bool begun_ = false;
  bool finished_ = false;
  bool usage_ = false;
  bool failed_ = false;
  bool done_ = false;
};

} // namespace ccapi::fuzz
