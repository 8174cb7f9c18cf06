#include "claude/api_message.hpp"

#include "claude/masking.hpp"
#include "domain/utf8_character.hpp"
#include "json/utf8.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace ccapi::claude {

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::system_clock;

constexpr std::size_t read_max = 4096;
constexpr std::size_t shown_max = 1000;
/// The longest that a limit may still hold: some are lifted with the next month.
constexpr seconds reset_max = std::chrono::hours{24 * 32};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_alnum(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

std::string lower(std::string_view text) {
  std::string copy{text};
  std::transform(copy.begin(), copy.end(), copy.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return copy;
}

/// "400 " of "400 sentence", "Request rejected (429) · " and the like.
void drop_status(std::string_view& text) {
  constexpr std::string_view rejected = "Request rejected (";
  constexpr std::string_view dot = ") \u00b7 ";
  if (text.starts_with(rejected)) {
    if (const auto end = text.find(dot); end != std::string_view::npos && end < 32)
      text.remove_prefix(end + dot.size());
    return;
  }
  const bool status =
    text.size() > 3 && std::all_of(text.begin(), text.begin() + 3, is_digit) && text[3] == ' ';
  if (status)
    text.remove_prefix(4);
}

/// What the CLI adds for a person at its terminal.
void drop_advice(std::string_view& text) {
  constexpr std::array advice{
    std::string_view{" This is a server-side issue"},
    std::string_view{" If it persists, check"},
    std::string_view{" Check your inference gateway"},
    std::string_view{" \u00b7 Please run /login"},
    std::string_view{" \u00b7 Update or unset the environment variable"},
    std::string_view{" Run --model"},
    std::string_view{" \u00b7 /"}, // "/upgrade", "/usage-credits to buy more"
    std::string_view{" Run /"},
    std::string_view{" /model to switch"},
  };
  for (const auto words : advice)
    text = text.substr(0, text.find(words));
}

struct account_sentence {
  std::string_view words; ///< lower case
  account_trouble means;
};

/// The first that fits counts. Sources: answers of the API and texts of the CLI that were reported
/// publicly; those about plan limits were not seen live.
constexpr std::array account_sentences{
  account_sentence{"server is temporarily limiting requests", account_trouble::overloaded},
  account_sentence{"credit balance is too low", account_trouble::no_credit},
  account_sentence{"credit balance too low", account_trouble::no_credit},
  account_sentence{"reached your specified api usage limits", account_trouble::no_credit},
  account_sentence{"out of extra usage", account_trouble::no_credit},
  account_sentence{"out of usage credits", account_trouble::no_credit},
  account_sentence{"usage credits required", account_trouble::no_credit},
  account_sentence{"draw from your extra usage", account_trouble::no_credit},
  account_sentence{"spend limit", account_trouble::no_credit},
  account_sentence{"spending limit", account_trouble::no_credit},
  account_sentence{"spend cap", account_trouble::no_credit},
  account_sentence{"usage limit is set to", account_trouble::no_credit},
  account_sentence{"enforced_spend_limit_reached", account_trouble::no_credit},
  account_sentence{"organization has been disabled", account_trouble::disabled},
  account_sentence{"organization is disabled", account_trouble::disabled},
  account_sentence{"anthropic_api_key belongs to a disabled organization",
                   account_trouble::disabled},
  account_sentence{"account has been disabled", account_trouble::disabled},
  account_sentence{"api key has been disabled", account_trouble::disabled},
  account_sentence{"api key is disabled", account_trouble::disabled},
  account_sentence{"you've hit your", account_trouble::limit},
  account_sentence{"you've reached your", account_trouble::limit},
  account_sentence{"limit reached", account_trouble::limit},
  account_sentence{"exceed your account's rate limit", account_trouble::limit},
  account_sentence{"exceed your organization's rate limit", account_trouble::limit},
};

/// True for the beginning of a plain sentence, false where a field or a value is named.
bool is_plain(std::string_view beginning) {
  for (std::size_t at = 0; at < beginning.size(); ++at) {
    const char c = beginning[at];
    const bool inside_word = at > 0 && is_alnum(beginning[at - 1]) && at + 1 < beginning.size()
                             && is_alnum(beginning[at + 1]);
    if (!is_alnum(c) && c != ' ' && c != '-' && !(c == '\'' && inside_word))
      return false;
  }
  return true;
}

std::string straight_apostrophes(std::string text) {
  constexpr std::string_view typographic = "\u2019";
  for (auto at = text.find(typographic); at != std::string::npos; at = text.find(typographic, at))
    text.replace(at, typographic.size(), 1, '\'');
  return text;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || !is_digit(text.front()) || failure != std::errc{}
      || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

/// "…limit reached|1800000000"
std::optional<sys_seconds> unix_time_in(std::string_view text) {
  const auto bar = text.rfind('|');
  if (bar == std::string_view::npos)
    return std::nullopt;
  const auto number = number_in(text.substr(bar + 1, 10));
  if (!number || *number < 1'000'000'000)
    return std::nullopt;
  return sys_seconds{seconds{*number}};
}

/// "…regain access on 2026-12-01 at 00:00 UTC"
std::optional<sys_seconds> date_in(std::string_view text) {
  constexpr std::string_view before = "regain access on ";
  constexpr std::string_view form = "YYYY-MM-DD at hh:mm UTC";
  const auto at = text.find(before);
  if (at == std::string_view::npos)
    return std::nullopt;
  const auto date = text.substr(at + before.size(), form.size());
  const auto part = [&](std::size_t from, std::size_t size) {
    return from + size <= date.size() ? number_in(date.substr(from, size)) : std::nullopt;
  };
  const auto year = part(0, 4);
  const auto month = part(5, 2);
  const auto day = part(8, 2);
  if (!year || !month || !day)
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day calendar{std::chrono::year{static_cast<int>(*year)},
                                std::chrono::month{static_cast<unsigned>(*month)},
                                std::chrono::day{static_cast<unsigned>(*day)}};
  if (!calendar.ok())
    return std::nullopt;
  const auto hour = part(14, 2);
  const auto minute = part(17, 2);
  const bool has_time = hour && minute && date.ends_with("UTC") && *hour < 24 && *minute < 60;
  return sys_days{calendar} + hours{has_time ? *hour : 0} + minutes{has_time ? *minute : 0};
}

/// "…resets 3:45pm (UTC)": the next one.
std::optional<sys_seconds> time_of_day_in(std::string_view text, sys_seconds now) {
  constexpr std::string_view before = "resets ";
  const auto at = text.find(before);
  if (at == std::string_view::npos)
    return std::nullopt;
  auto rest = text.substr(at + before.size());
  const auto end = rest.find("m (UTC)");
  if (end == std::string_view::npos || end < 2 || end > 6)
    return std::nullopt;
  const bool afternoon = rest[end - 1] == 'p';
  if (!afternoon && rest[end - 1] != 'a')
    return std::nullopt;
  rest = rest.substr(0, end - 1);
  const auto colon = rest.find(':');
  const auto hour = number_in(rest.substr(0, colon));
  const auto minute = colon == std::string_view::npos ? 0 : number_in(rest.substr(colon + 1));
  if (!hour || !minute || *hour < 1 || *hour > 12 || *minute > 59)
    return std::nullopt;
  using namespace std::chrono;
  const auto today = floor<days>(now);
  const auto named = today + hours{*hour % 12 + (afternoon ? 12 : 0)} + minutes{*minute};
  return named > now ? named : named + days{1};
}

} // namespace

std::string_view cut(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max)
    return text;
  auto size = size_max;
  while (size > 0 && domain::continues_character(text[size]))
    --size;
  return text.substr(0, size);
}

std::string sentence_of(std::string_view text) {
  constexpr std::string_view marker = "API Error: ";
  text = text.substr(0, read_max * 4);
  if (const auto found = text.find(marker); found != std::string_view::npos)
    text.remove_prefix(found + marker.size());
  drop_status(text);
  if (text.starts_with('{')) {
    simdjson::dom::parser parser;
    std::string_view message;
    if (parser.parse(text.data(), text.size())["error"]["message"].get(message)
        != simdjson::SUCCESS)
      return {};
    return json::repaired(cut(message, read_max)); // escapes of lone surrogates are no UTF-8
  }
  drop_advice(text);
  return std::string{cut(text, read_max)};
}

std::string shown(std::string_view sentence) {
  if (const auto bar = sentence.rfind('|'); unix_time_in(sentence))
    sentence = sentence.substr(0, bar); // retry-after tells it
  auto words = fit_for_clients(sentence);
  words.resize(cut(words, shown_max).size());
  while (words.ends_with(' '))
    words.pop_back();
  return words;
}

account_trouble account_trouble_of(std::string_view sentence) {
  const auto plain = straight_apostrophes(lower(cut(sentence, read_max)));
  for (const auto& known : account_sentences) {
    const auto at = plain.find(known.words);
    if (at != std::string::npos && is_plain(std::string_view{plain}.substr(0, at)))
      return known.means;
  }
  return account_trouble::none;
}

std::optional<seconds> time_to_named_reset(std::string_view sentence,
                                           system_clock::time_point now) {
  // Whole seconds: a date in a text may be further than nanoseconds can count.
  const auto present = std::chrono::floor<seconds>(now);
  auto reset = unix_time_in(sentence);
  if (!reset)
    reset = date_in(sentence);
  if (!reset)
    reset = time_of_day_in(sentence, present);
  if (!reset)
    return std::nullopt;
  return std::clamp(*reset - present, seconds{1}, reset_max);
}

} // namespace ccapi::claude
