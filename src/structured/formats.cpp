#include "structured/formats.hpp"

#include <array>
#include <string>
#include <utility>

namespace ccapi::structured {

namespace {

RE2::Options options() {
  constexpr std::int64_t memory_max = 1 << 20; // of a pattern that is in use
  RE2::Options wanted;
  wanted.set_log_errors(false);
  wanted.set_max_mem(memory_max);
  wanted.set_dot_nl(false);
  return wanted;
}

/// RE2 spells two things otherwise: \uXXXX and (?<name>...).
std::string translated(std::string_view pattern) {
  std::string text;
  text.reserve(pattern.size());
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const auto rest = pattern.substr(at);
    constexpr std::size_t digits = 4;
    if (rest.starts_with("\\u") && rest.size() >= 2 + digits && rest[2] != '{') {
      text.append("\\x{").append(rest.substr(2, digits)).append("}");
      at += 1 + digits;
    } else if (rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' && rest[3] != '!') {
      text += "(?P<";
      at += 2;
    } else if (rest[0] == '\\' && rest.size() > 1) {
      text.append(rest.substr(0, 2));
      ++at;
    } else {
      text += rest[0];
    }
  }
  return text;
}

struct named_form {
  named_form(std::string_view of, const std::string& pattern)
    : name{of},
      form{pattern, options()} {}

  std::string_view name;
  RE2 form;
};

} // namespace

const RE2* format_named(std::string_view name) {
  // Each month with the days it has; the 29th of February in the years of the Gregorian calendar.
  constexpr auto date =
    R"((\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30))"
    R"(|02-(0[1-9]|1\d|2[0-8])))"
    R"(|(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29))";
  constexpr auto time =
    R"(([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d))";
  constexpr auto byte = R"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))";
  const auto dotted = [](const std::string& each) {
    return each + R"(\.)" + each + R"(\.)" + each + R"(\.)" + each;
  };
  static const std::array<named_form, 6> known{{
    {"date", date},
    {"time", time},
    {"date-time", std::string{date} + "[tT]" + time},
    {"email", R"([^\s@]+@[^\s@]+)"},
    {"uuid", "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"},
    {"ipv4", dotted(byte)},
  }};
  for (const auto& each : known)
    if (each.name == name)
      return &each.form;
  return nullptr;
}

std::unique_ptr<RE2> read_pattern(std::string_view pattern, std::string& why) {
  auto compiled = std::make_unique<RE2>(translated(pattern), options());
  if (compiled->ok())
    return compiled;
  why = compiled->error_code() == RE2::ErrorPatternTooLarge
          ? "the pattern is too large"
          : "the pattern is malformed, or needs what can't be matched in linear time "
            "(look-around, back references)";
  return nullptr;
}

} // namespace ccapi::structured
