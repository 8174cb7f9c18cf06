#include "config/source.hpp"

#include <algorithm>
#include <array>

namespace ccapi::config {

namespace {

constexpr std::string_view prefix = "CLAUDE_CODE__";
constexpr std::string_view level_variable = "RUST_LOG";
/// Names under which RUST_LOG may address this program.
constexpr std::array<std::string_view, 3> own_modules{"claude_code_api", "claude-code-api",
                                                      "ccapi"};

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// Takes the part of `rest` before `separator` off it.
std::string_view next_part(std::string_view& rest, char separator) noexcept {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

/// "CLAUDE__TIMEOUT_SECONDS" -> "claude.timeout_seconds".
std::string key_name(std::string_view variable_name) {
  std::string name;
  for (std::size_t i = 0; i < variable_name.size(); ++i) {
    if (variable_name.substr(i, 2) == "__") {
      name += '.';
      ++i;
    } else {
      name += variable_name[i];
    }
  }
  return lower(name);
}

std::string level_word(std::string_view text) {
  constexpr std::array<std::string_view, 6> levels{"trace",   "debug", "info",
                                                   "warning", "error", "off"};
  const auto word = lower(trimmed(text));
  if (word == "warn")
    return "warning";
  return std::find(levels.begin(), levels.end(), word) == levels.end() ? std::string{} : word;
}

bool is_variable_name(std::string_view name) noexcept {
  const auto is_letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !name.empty() && is_letter(name.front())
         && std::all_of(name.begin(), name.end(),
                        [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

struct unquoted {
  std::string text;
  bool closed = false;
};

char escaped_character(char c) noexcept {
  switch (c) {
  case 'n':
    return '\n';
  case 't':
    return '\t';
  case 'r':
    return '\r';
  default:
    return c; // a quote, backslash or dollar sign stands for itself
  }
}

unquoted without_quotes(std::string_view raw) {
  const char quote = raw.front();
  unquoted out;
  for (std::size_t i = 1; i < raw.size(); ++i) {
    if (raw[i] == quote) {
      const auto rest = trimmed(raw.substr(i + 1));
      out.closed = rest.empty() || rest.front() == '#';
      return out;
    }
    if (quote == '"' && raw[i] == '\\' && i + 1 < raw.size())
      out.text += escaped_character(raw[++i]);
    else
      out.text += raw[i];
  }
  return out;
}

std::string_view without_comment(std::string_view raw) noexcept {
  for (std::size_t i = 0; i < raw.size(); ++i)
    if (raw[i] == '#' && (i == 0 || raw[i - 1] == ' ' || raw[i - 1] == '\t'))
      return trimmed(raw.substr(0, i));
  return raw;
}

void put(std::vector<variable>& variables, std::string_view name, std::string text) {
  const auto known = std::find_if(variables.begin(), variables.end(),
                                  [&](const variable& each) { return each.first == name; });
  if (known == variables.end())
    variables.emplace_back(name, std::move(text));
  else
    known->second = std::move(text);
}

} // namespace

std::string level_of_rust_log(std::string_view directives) {
  std::string general;
  while (!directives.empty()) {
    auto directive = next_part(directives, ',');
    if (directive.find('=') == std::string_view::npos) {
      if (auto level = level_word(directive); !level.empty())
        general = std::move(level);
      continue;
    }
    const auto module = trimmed(next_part(directive, '='));
    if (std::find(own_modules.begin(), own_modules.end(), module) != own_modules.end())
      if (auto level = level_word(directive); !level.empty())
        return level;
  }
  return general;
}

entry entry_of_text(std::string name, std::string where, std::string_view text) {
  entry made;
  made.name = std::move(name);
  made.where = std::move(where);
  made.row = find_key(made.name);
  const auto word = lower(trimmed(text));
  made.says_something = !(word.empty() || word == "false" || word == "0" || word == "no"
                          || word == "off" || word == "[]");
  if (made.row)
    made.content = value_from_text(made.row->type, made.row->unit_ms, text);
  return made;
}

std::vector<entry> entries_of_variables(const std::vector<variable>& variables,
                                        std::string_view origin) {
  std::vector<entry> entries;
  for (const auto& [name, text] : variables) {
    auto where = std::string{origin}.append(name);
    if (name.starts_with(prefix)) {
      entries.push_back(
        entry_of_text(key_name(std::string_view{name}.substr(prefix.size())), where, text));
    } else if (name == level_variable) {
      // Other programs' RUST_LOG may be in the environment too, so what it says to us is optional.
      if (const auto level = level_of_rust_log(text); !level.empty())
        entries.insert(entries.begin(), entry_of_text("log.level", where, level));
    }
  }
  return entries;
}

std::vector<variable> variables_of(const std::vector<std::string>& environment) {
  std::vector<variable> variables;
  for (const auto& each : environment)
    if (const auto equals = each.find('='); equals != std::string::npos)
      put(variables, std::string_view{each}.substr(0, equals), each.substr(equals + 1));
  return variables;
}

std::vector<variable> variables_of_dotenv(std::string_view text, const std::string& file,
                                          std::vector<problem>& problems) {
  std::vector<variable> variables;
  for (int number = 1; !text.empty(); ++number) {
    auto line = trimmed(next_part(text, '\n'));
    if (line.empty() || line.front() == '#')
      continue;
    if (line.starts_with("export "))
      line = trimmed(line.substr(7));
    const auto where = file + ':' + std::to_string(number);
    const auto equals = line.find('=');
    const auto name = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos || !is_variable_name(name)) {
      problems.push_back({where, "is no NAME=value line"});
      continue;
    }
    const auto raw = trimmed(line.substr(equals + 1));
    if (raw.empty() || (raw.front() != '"' && raw.front() != '\'')) {
      put(variables, name, std::string{without_comment(raw)});
      continue;
    }
    auto content = without_quotes(raw);
    if (content.closed)
      put(variables, name, std::move(content.text));
    else
      problems.push_back({where, "has no closing quote, or text after it"});
  }
  return variables;
}

} // namespace ccapi::config
