// Any bytes on the CLI's stdout: lines -> decoder -> mapper. Checks that the answer stays sound:
// valid UTF-8, at most one terminal event, nothing after it. And that the decoder's short way for
// the commonest lines says what its parser says.

#include "claude/decoder.hpp"
#include "claude/turn_mapper.hpp"
#include "json/utf8.hpp"
#include "tests/support/described_line.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace ccapi;

void require(bool condition) {
  if (!condition)
    std::abort();
}

bool is_sound(const domain::event& event) {
  if (const auto* text = std::get_if<domain::text_delta>(&event))
    return json::is_valid(text->text) && !text->text.empty();
  if (const auto* reasoning = std::get_if<domain::reasoning_delta>(&event))
    return json::is_valid(reasoning->text) && !reasoning->text.empty();
  if (const auto* started = std::get_if<domain::answer_started>(&event))
    return json::is_valid(started->model);
  if (const auto* finished = std::get_if<domain::turn_finished>(&event))
    return json::is_valid(finished->model) && finished->usage.output_tokens >= 0;
  const auto& failure = std::get<domain::turn_failed>(event).failure;
  return json::is_valid(failure.message) && !failure.message.empty();
}

/// A blank in front keeps a line off the short way and changes nothing else, but that only the
/// short way joins the halves of a character.
void require_parser_agrees(const claude::decoded& decoded, std::string_view line) {
  const auto* what = std::get_if<claude::message>(&decoded);
  const auto* delta = what != nullptr ? std::get_if<claude::content_block_delta>(what) : nullptr;
  const bool may_be_split = delta != nullptr
                            && (delta->text.find("\xef\xbf\xbd") != std::string_view::npos
                                || line.find("\\ud") != std::string_view::npos
                                || line.find("\\uD") != std::string_view::npos);
  if (may_be_split)
    return;
  std::string spaced = ' ' + std::string{line};
  spaced.reserve(spaced.size() + 64);
  claude::decoder parser;
  require(claude::test::described(decoded) == claude::test::described(parser.decode(spaced)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t padding = 64;
  const auto buffer = std::make_unique<char[]>(size + padding);
  if (size > 0)
    std::memcpy(buffer.get(), data, size);
  std::string_view rest{buffer.get(), size};

  claude::decoder decoder;
  claude::turn_mapper mapper{[] { return std::chrono::system_clock::time_point{}; }};
  std::vector<domain::event> events;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto decoded = decoder.decode(line);
    require_parser_agrees(decoded, line);
    if (const auto* what = std::get_if<claude::message>(&decoded))
      mapper.on_message(*what, events);
  }
  std::size_t terminals = 0;
  for (const auto& event : events) {
    require(terminals == 0);
    require(is_sound(event));
    terminals += domain::is_terminal(event) ? 1 : 0;
  }
  require(mapper.answered() == (terminals == 1));
  require(!mapper.over() || mapper.answered());
  return 0;
}
