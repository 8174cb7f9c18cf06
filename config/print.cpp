#include "config/print.hpp"

#include "config/reserved.hpp"
#include "config/schema.hpp"

#include <algorithm>

namespace ccapi::config {

namespace {

std::string_view section_of(const key& row) noexcept {
  return row.name.substr(0, row.name.find('.'));
}

std::string_view leaf_of(const key& row) noexcept {
  return row.name.substr(row.name.find('.') + 1);
}

/// Calls `begin(section)` and then `each(row)` for its keys. Tables come last in their section:
/// in TOML they would swallow the keys after them.
template <class Begin, class Each>
void for_each_section(Begin begin, Each each) {
  const auto all = keys();
  for (auto first = all.begin(); first != all.end();) {
    const auto section = section_of(*first);
    const auto last =
      std::find_if(first, all.end(), [&](const key& row) { return section_of(row) != section; });
    begin(section);
    for (auto row = first; row != last; ++row)
      if (row->type != value_type::text_table)
        each(*row);
    for (auto row = first; row != last; ++row)
      if (row->type == value_type::text_table)
        each(*row);
    first = last;
  }
}

/// Text of a comment on one line: a file name may hold anything.
std::string comment_text(std::string_view text) {
  std::string out{text};
  std::replace_if(
    out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; },
    '?');
  return out;
}

std::string table_text(const key& row, const value& given, std::string_view remark) {
  std::string out = "\n[" + std::string{row.name} + ']';
  if (!remark.empty())
    out += " # " + comment_text(remark);
  for (const auto& [name, text] : std::get<text_table>(given))
    out += '\n' + toml_quoted(name) + " = " + toml_quoted(text);
  return out;
}

void append_wrapped(std::string& out, std::string_view prefix, std::string_view text) {
  constexpr std::size_t width = 98;
  std::string line{prefix};
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    if (line.size() > prefix.size() && line.size() + 1 + word.size() > width) {
      out += line + '\n';
      line = prefix;
    }
    line.append(" ").append(word);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  out += line + '\n';
}

std::string help_text(const key& row) {
  std::string out{row.help};
  if (const auto range = range_text(row); !range.empty())
    out += " (" + range + ')';
  if (!row.choices.empty())
    out += " (" + std::string{row.choices} + ')';
  return out;
}

std::string table_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|')
      out += '\\';
    out += c;
  }
  return out;
}

std::string range_cell(const key& row) {
  if (!row.choices.empty()) {
    std::string out;
    for (const char c : row.choices)
      out += c == '|' ? std::string{", "} : std::string{c};
    return out;
  }
  const auto range = range_text(row);
  return range.empty() ? std::string{description(row.type)} : range;
}

std::string default_cell(const key& row) {
  const auto given = row.get(settings{});
  if (row.type == value_type::text_list || row.type == value_type::text_table) {
    const auto plain = to_toml(given, row.unit_ms);
    return plain.size() <= 40 ? '`' + plain + '`' : "see default.toml";
  }
  return '`' + to_toml(given, row.unit_ms) + '`';
}

constexpr std::string_view default_head =
  R"(# Every key with its default. The program does not need this file: copy what you change to
# config/local.toml. Written by `claude-code-api --print-default-config`.
)";

constexpr std::string_view markdown_head = R"(# Configuration

<!-- Written by `claude-code-api --print-config-docs`; edit config/schema_table.cpp instead. -->

Everything has a default, so no configuration is needed to start. What you set is taken from these
sources; a later one wins over an earlier one:

1. `/etc/claude-code-api/config.toml`
2. `config/$RUN_MODE.toml` in the working directory (`RUN_MODE` is `development` if unset)
3. `config/local.toml` in the working directory
4. the file given with `--config`
5. `.env` in the working directory (`NAME=value` lines)
6. environment variables `CLAUDE_CODE__SECTION__KEY`
7. flags (`--host`, `--port`, `--claude`, `--log-level`)

All files are optional except the one given with `--config`. A key that does not exist or a value
out of its range stops the start with exit code 78 and one line per mistake; nothing is ignored
silently.

SIGHUP (`systemctl reload`, `kill -HUP`) reads everything anew: files, `.env` and the files of keys
and certificates; the environment is the one of the start. What is wrong is logged, one line per
mistake, and then nothing changes. Otherwise the new values hold from the next request on; keys
marked "start" keep their old value until a restart, and a line in the log names them.

`claude-code-api --check-config` checks without starting, `claude-code-api --print-config` shows
every value and where it came from, and [`config/default.toml`](../config/default.toml) holds every
key with its default.

The variable of a key is its name in capitals with `__` for the dot: `server.port` is
`CLAUDE_CODE__SERVER__PORT`. Lists and tables are written as JSON there:

```sh
CLAUDE_CODE__SERVER__ALLOWED_HOSTS='["gateway.lan", "gateway.lan:8080"]'
CLAUDE_CODE__MODELS__ALIASES='{"fast": "haiku"}'
```

API keys are tables of their own in a file, an array of objects in a variable:

```toml
[[auth.keys]]
name = "laptop"
sha256 = "…"             # claude-code-api --new-key laptop makes a key and prints this table

[[auth.keys]]
name = "ci"
env = "CI_GATEWAY_KEY"   # or file = "/run/credentials/ci-key"
max_concurrent = 2
```

```sh
CLAUDE_CODE__AUTH__KEYS='[{"name": "ci", "env": "CI_GATEWAY_KEY", "admin": true}]'
CLAUDE_CODE__AUTH__API_KEYS='["a-long-random-key-of-your-own"]'
```

Durations take decimals (`timeout_seconds = 0.5`). `RUST_LOG=debug` sets `log.level`; module lists
such as `claude_code_api=debug,info` are understood, other programs' modules are skipped.
Variables in `.env` that do not belong to the gateway (`ANTHROPIC_API_KEY=...`) are put into its
environment unless they are there already.
)";

} // namespace

std::string toml_line(const key& row, const value& given, std::string_view remark) {
  const bool is_set = given != row.get(settings{});
  if (row.secret && is_set)
    return "# " + std::string{leaf_of(row)} + " is secret and not shown # " + comment_text(remark);
  if (row.type == value_type::text_table)
    return table_text(row, given, remark);
  auto out = std::string{leaf_of(row)} + " = " + to_toml(given, row.unit_ms);
  if (!remark.empty())
    out += " # " + comment_text(remark);
  return out;
}

std::string print(const loaded& given) {
  std::string out;
  for_each_section(
    [&](std::string_view section) {
      out.append(out.empty() ? "[" : "\n[").append(section).append("]\n");
    },
    [&](const key& row) {
      const auto& from = given.origins[static_cast<std::size_t>(&row - keys().data())];
      out += toml_line(row, row.get(given.values), from.source) + '\n';
    });
  return out;
}

std::string default_toml() {
  const settings defaults;
  std::string out{default_head};
  for_each_section([&](std::string_view section) { out.append("\n[").append(section) += "]\n"; },
                   [&](const key& row) {
                     append_wrapped(out, "#", help_text(row));
                     out += toml_line(row, row.get(defaults), {}) + '\n';
                   });
  return out;
}

std::string configuration_markdown() {
  std::string out{markdown_head};
  for_each_section(
    [&](std::string_view section) {
      out.append("\n## [").append(section).append("]\n\n");
      out += "| key | default | accepted | change at | meaning |\n|---|---|---|---|---|\n";
    },
    [&](const key& row) {
      out += "| `" + std::string{leaf_of(row)} + "` | " + table_cell(default_cell(row)) + " | "
             + table_cell(range_cell(row)) + " | " + (row.reloadable ? "SIGHUP" : "start") + " | "
             + (row.active ? "" : "*Not active yet.* ") + table_cell(row.help) + " |\n";
    });
  out += "\n## Keys without effect\n\n"
         "Configurations written for the original program may hold these; the start goes on with "
         "a warning\nthat lists them, together with the keys marked \"not active yet\" that are "
         "set:\n\n";
  const auto append_names = [&](reserved_key kind) {
    auto names = reserved_names(kind);
    while (!names.empty()) {
      const auto space = names.find(' ');
      out.append("- `").append(names.substr(0, space)).append("`\n");
      names.remove_prefix(space == std::string_view::npos ? names.size() : space + 1);
    }
  };
  append_names(reserved_key::inactive);
  out += "\nThese would seem to protect something and do not, so a value other than `false` or "
         "empty is\nrefused:\n\n";
  append_names(reserved_key::security);
  return out;
}

} // namespace ccapi::config
