#include "claude/short_line.hpp"

#include "json/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace ccapi::claude {

namespace {

/// What of a line is still to be read.
class remainder {
public:
  explicit remainder(std::string_view line) noexcept
    : rest_{line} {}

  bool skip(std::string_view literal) noexcept {
    if (!rest_.starts_with(literal))
      return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  std::optional<std::int64_t> small_number() noexcept {
    std::int64_t value = 0;
    const char* const end = rest_.data() + std::min<std::size_t>(rest_.size(), 9);
    const auto [stop, failure] = std::from_chars(rest_.data(), end, value);
    const auto digits = static_cast<std::size_t>(stop - rest_.data());
    // No leading zero and no sign: JSON has neither.
    if (failure != std::errc{} || value < 0 || (rest_.front() == '0' && digits > 1))
      return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }

  /// The rest of a string behind its opening quote, closing quote included, escapes resolved. False
  /// for what is wrong. `half`: as in read_delta_line.
  bool string_rest(std::string& out, char16_t& half) {
    for (;;) {
      const auto plain = std::find_if(rest_.begin(), rest_.end(), [](char c) {
        return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
      });
      if (plain != rest_.begin())
        give_up(half, out);
      out.append(rest_.begin(), plain);
      rest_.remove_prefix(static_cast<std::size_t>(plain - rest_.begin()));
      if (skip("\""))
        return json::is_valid(out);
      if (skip("\\u")) {
        const auto unit = code_unit();
        if (!unit)
          return false;
        append_unit(out, *unit, half);
        continue;
      }
      give_up(half, out);
      if (rest_.size() < 2 || rest_[0] != '\\' || !append_escape(out, rest_[1]))
        return false;
      rest_.remove_prefix(2);
    }
  }

  /// `"…"` of ASCII without escapes, as ids and keys are.
  bool skip_plain_string() noexcept {
    if (!skip("\""))
      return false;
    const auto end = rest_.find('"');
    if (end == std::string_view::npos || !is_plain(rest_.substr(0, end)))
      return false;
    rest_.remove_prefix(end + 1);
    return true;
  }

  /// The members behind the first ones of an object, of plain strings, lists of them, and a parent
  /// that is null, and the line's end.
  bool skip_members() noexcept {
    while (skip(",")) {
      if (skip(R"("parent_tool_use_id":)")
            ? !skip("null") // what a subagent says names its parent
            : !(skip_plain_string() && skip(":") && (skip_plain_string() || skip_plain_list())))
        return false;
    }
    return skip("}") && rest_.empty();
  }

  /// Of one plain string at least.
  bool skip_plain_list() noexcept {
    if (!skip("["))
      return false;
    do {
      if (!skip_plain_string())
        return false;
    } while (skip(","));
    return skip("]");
  }

private:
  /// Of an escape, behind \u.
  std::optional<char16_t> code_unit() noexcept {
    constexpr std::size_t digits = 4;
    std::uint16_t unit = 0;
    const auto hex = rest_.substr(0, digits);
    const auto [stop, failure] = std::from_chars(hex.data(), hex.data() + hex.size(), unit, 16);
    if (failure != std::errc{} || stop != hex.data() + digits)
      return std::nullopt;
    rest_.remove_prefix(digits);
    return unit;
  }

  /// Nothing follows that would make a whole character of it.
  static void give_up(char16_t& half, std::string& out) {
    if (half != 0)
      json::append_code_point(out, half);
    half = 0;
  }

  static void append_unit(std::string& out, char16_t unit, char16_t& half) {
    constexpr char32_t first_behind_the_units = 0x10000;
    const bool high = unit >= 0xd800 && unit < 0xdc00;
    const bool low = unit >= 0xdc00 && unit < 0xe000;
    if (low && half != 0) {
      json::append_code_point(out,
                              first_behind_the_units + ((half & 0x3ffU) << 10U) + (unit & 0x3ffU));
      half = 0;
      return;
    }
    give_up(half, out);
    if (high)
      half = unit;
    else
      json::append_code_point(out, unit);
  }

  /// Eight bytes at a time: most of a line is ids.
  static bool is_plain(std::string_view text) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t high = 0x80 * ones;
    // The high bit of a byte is set where the byte is not plain, or one below it is not.
    const auto suspects = [](std::uint64_t eight) {
      const auto no_backslash = eight ^ ('\\' * ones);
      return (eight | (eight - 0x20 * ones) | (no_backslash - ones)) & high;
    };
    for (; text.size() >= sizeof(std::uint64_t); text.remove_prefix(sizeof(std::uint64_t))) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, text.data(), sizeof eight);
      if (suspects(eight) != 0)
        return false;
    }
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; });
  }

  static bool append_escape(std::string& out, char letter) {
    constexpr std::string_view letters = R"("\/nrtbf)";
    constexpr std::string_view meanings = "\"\\/\n\r\t\b\f";
    const auto at = letters.find(letter);
    if (at == std::string_view::npos)
      return false;
    out += meanings[at];
    return true;
  }

  std::string_view rest_;
};

std::optional<message> read_delta(remainder rest, std::int64_t index, std::string& text,
                                  char16_t& half) {
  auto kind = delta_kind::text;
  if (rest.skip(R"(thinking_delta","thinking":")"))
    kind = delta_kind::thinking;
  else if (!rest.skip(R"(text_delta","text":")"))
    return std::nullopt;
  text.clear();
  auto open_half = half;
  if (!rest.string_rest(text, open_half) || !rest.skip("}}") || !rest.skip_members())
    return std::nullopt;
  half = open_half;
  return content_block_delta{.index = index, .kind = kind, .text = text, .parent_tool_use_id = {}};
}

std::optional<message> if_over(remainder rest, const message& what) {
  return rest.skip_members() ? std::optional{what} : std::nullopt;
}

std::optional<message> read_event(remainder rest, std::string& text, char16_t& half) {
  if (rest.skip(R"(message_stop"})"))
    return if_over(rest, message_stop{});
  if (!rest.skip("content_block_"))
    return std::nullopt;
  const bool delta = rest.skip("delta");
  const bool stop = !delta && rest.skip("stop");
  if ((!delta && !stop && !rest.skip("start")) || !rest.skip(R"(","index":)"))
    return std::nullopt;
  const auto index = rest.small_number();
  if (!index)
    return std::nullopt;
  if (delta)
    return rest.skip(R"(,"delta":{"type":")") ? read_delta(rest, *index, text, half) : std::nullopt;
  if (stop)
    return rest.skip("}") ? if_over(rest, content_block_stop{*index, {}}) : std::nullopt;
  if (!rest.skip(R"(,"content_block":{"type":"text","text":""}})"))
    return std::nullopt;
  return if_over(rest, content_block_start{*index, "text", {}, {}, {}});
}

} // namespace

std::optional<message> read_short_line(std::string_view line, std::string& text, char16_t& half) {
  remainder rest{line};
  if (rest.skip(R"({"type":"stream_event","event":{"type":")"))
    return read_event(rest, text, half);
  if (rest.skip(R"({"type":"command_lifecycle")"))
    return if_over(rest, command_lifecycle{});
  if (rest.skip(R"({"type":"system","subtype":"status","status":"requesting")"))
    return if_over(rest, system_status{"requesting"});
  return std::nullopt;
}

} // namespace ccapi::claude
