#include "config/schema.hpp"

#include "config/content.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace ccapi::config {

namespace {

// ---- from a member of settings to a value and back

constexpr std::string_view bare_words[] = {"auto", "on", "off"};

template <auto Section, auto Member>
value read(const settings& from) {
  const auto& member = (from.*Section).*Member;
  using type = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::is_same_v<type, bare_mode>)
    return std::string{bare_words[static_cast<std::size_t>(member)]};
  else if constexpr (std::is_integral_v<type> && !std::is_same_v<type, bool>)
    return static_cast<std::int64_t>(member);
  else
    return member;
}

template <auto Section, auto Member>
void write(settings& to, const value& given) {
  auto& member = (to.*Section).*Member;
  using type = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::is_same_v<type, bare_mode>) {
    const auto* word =
      std::find(std::begin(bare_words), std::end(bare_words), std::get<std::string>(given));
    member = static_cast<bare_mode>(word - std::begin(bare_words));
  } else if constexpr (std::is_integral_v<type> && !std::is_same_v<type, bool>) {
    member = static_cast<type>(std::get<std::int64_t>(given));
  } else if constexpr (std::is_same_v<type, text_table>) {
    // First match wins, so later sources go in front; an entry replaces one of the same name.
    auto merged = std::get<text_table>(given);
    for (auto& old : member)
      if (std::none_of(merged.begin(), merged.end(),
                       [&](const auto& entry) { return entry.first == old.first; }))
        merged.push_back(std::move(old));
    member = std::move(merged);
  } else {
    member = std::get<type>(given);
  }
}

void write_log_level(settings& to, const value& given) {
  const auto& word = std::get<std::string>(given);
  to.log.level = word == "warn" ? "warning" : word;
}

// ---- rows

template <auto Section, auto Member>
constexpr key row(std::string_view name, value_type type, std::string_view help) {
  key made;
  made.name = name;
  made.type = type;
  made.help = help;
  made.get = &read<Section, Member>;
  made.set = &write<Section, Member>;
  return made;
}

template <auto Section, auto Member>
constexpr key flag(std::string_view name, std::string_view help) {
  return row<Section, Member>(name, value_type::boolean, help);
}

template <auto Section, auto Member>
constexpr key number(std::string_view name, std::int64_t minimum, std::int64_t maximum,
                     std::string_view unit, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::integer, help);
  made.minimum = minimum;
  made.maximum = maximum;
  made.unit = unit;
  return made;
}

/// A duration in seconds; the range is given in milliseconds.
template <auto Section, auto Member>
constexpr key seconds(std::string_view name, std::int64_t minimum_ms, std::int64_t maximum_ms,
                      std::string_view help) {
  auto made = row<Section, Member>(name, value_type::duration, help);
  made.minimum = minimum_ms;
  made.maximum = maximum_ms;
  made.unit = "seconds";
  made.unit_ms = 1000;
  return made;
}

template <auto Section, auto Member>
constexpr key minutes(std::string_view name, std::int64_t minimum_ms, std::int64_t maximum_ms,
                      std::string_view help) {
  auto made = seconds<Section, Member>(name, minimum_ms, maximum_ms, help);
  made.unit = "minutes";
  made.unit_ms = 60'000;
  return made;
}

using content_check = problem_text (*)(const value&);

template <auto Section, auto Member>
constexpr key text(std::string_view name, content_check check, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text, help);
  made.content_problem = check;
  return made;
}

template <auto Section, auto Member>
constexpr key word(std::string_view name, std::string_view choices, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text, help);
  made.choices = choices;
  return made;
}

template <auto Section, auto Member>
constexpr key list(std::string_view name, content_check check, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text_list, help);
  made.content_problem = check;
  return made;
}

template <auto Section, auto Member>
constexpr key table(std::string_view name, content_check check, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text_table, help);
  made.content_problem = check;
  return made;
}

constexpr key log_level_row() {
  auto made = word<&settings::log, &log_settings::level>(
    "log.level", "trace|debug|info|warning|warn|error|off",
    "Least severe lines that are written. The variable RUST_LOG is understood as well.");
  made.set = &write_log_level;
  return made;
}

constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;
constexpr std::int64_t gib = 1024 * mib;
constexpr std::int64_t hour_ms = 3'600'000;

constexpr auto server = &settings::server;
constexpr auto tls = &settings::tls;
constexpr auto claude = &settings::claude;
constexpr auto retry = &settings::retry;
constexpr auto supervision = &settings::supervision;
constexpr auto models = &settings::models;
constexpr auto conversation = &settings::conversation;
constexpr auto limits = &settings::limits;
constexpr auto log = &settings::log;

constexpr key table_of_keys[] = {
  text<server, &server_settings::host>(
    "server.host", not_empty,
    "Address to listen on. Anything but loopback needs server.allow_insecure_no_auth."),
  number<server, &server_settings::port>("server.port", 0, 65535, "",
                                         "Port to listen on; 0 takes any free one."),
  flag<server, &server_settings::tcp>(
    "server.tcp", "Listen on server.host and server.port. With false, only on server.unix_socket."),
  text<server, &server_settings::unix_socket>(
    "server.unix_socket", no_nul,
    "Path of a Unix socket to listen on as well; only processes of the gateway's own user may "
    "connect. Empty: none."),
  list<server, &server_settings::allowed_hosts>(
    "server.allowed_hosts", host_names,
    "Names accepted in the Host header beside those of this machine, as `name` or `name:port`."),
  flag<server, &server_settings::allow_insecure_no_auth>(
    "server.allow_insecure_no_auth",
    "Permits to listen beyond loopback without API keys. Whoever reaches the port then uses your "
    "Claude account."),
  number<server, &server_settings::io_threads>("server.io_threads", 0, 256, "",
                                               "Threads that serve connections; 0 = one per core."),

  text<tls, &tls_settings::certificate_file>(
    "tls.certificate_file", no_nul,
    "PEM file with the certificate, and behind it those between it and the root. With this and "
    "tls.private_key_file, server.port speaks TLS (https) and nothing else."),
  text<tls, &tls_settings::private_key_file>(
    "tls.private_key_file", no_nul,
    "PEM file with the certificate's private key, without a passphrase."),

  text<claude, &claude_settings::command>(
    "claude.command", not_empty,
    "The Claude Code CLI: a program name, looked up in PATH at start, or a path."),
  seconds<claude, &claude_settings::timeout>("claude.timeout_seconds", 10, 24 * hour_ms,
                                             "Time one turn may take in all."),
  number<claude, &claude_settings::max_concurrent_sessions>(
    "claude.max_concurrent_sessions", 1, 10'000, "processes",
    "Most CLI processes that live at a time. Count on 256 MB of memory for each."),
  flag<claude, &claude_settings::use_interactive_sessions>(
    "claude.use_interactive_sessions",
    "Keep a process per conversation and reuse it. With false each request starts its own."),
  text<claude, &claude_settings::system_prompt>("claude.system_prompt", no_nul,
                                                "System prompt for requests that bring none."),
  word<claude, &claude_settings::bare>(
    "claude.bare", "auto|on|off",
    "Start the CLI with --bare: `auto` does so when an API key is in the environment (a "
    "subscription login does not work with it)."),
  list<claude, &claude_settings::env_allow>(
    "claude.env_allow", variable_patterns,
    "Environment variables handed on to the CLI; a `*` at the end matches any rest. Replaces the "
    "default list."),
  seconds<claude, &claude_settings::boot_timeout>(
    "claude.boot_timeout_seconds", 10, hour_ms,
    "Time a new process has to answer its first control request."),
  seconds<claude, &claude_settings::control_timeout>(
    "claude.control_timeout_seconds", 10, hour_ms,
    "Time a process has for any later control request."),
  seconds<claude, &claude_settings::first_event_timeout>(
    "claude.first_event_timeout_seconds", 10, hour_ms,
    "Time a process has to react to a question at all."),
  seconds<claude, &claude_settings::event_idle_timeout>(
    "claude.event_idle_timeout_seconds", 10, 24 * hour_ms,
    "Silence inside an answer after which its process is given up."),
  seconds<claude, &claude_settings::interrupt_timeout>(
    "claude.interrupt_timeout_seconds", 10, hour_ms,
    "Time an interrupted turn has to end before its process is closed."),
  seconds<claude, &claude_settings::close_grace>(
    "claude.close_grace_seconds", 10, hour_ms,
    "Time a process has to leave by itself before SIGTERM, and after that before SIGKILL."),
  number<claude, &claude_settings::max_retries>("claude.max_retries", 0, 100, "",
                                                "Retries that the CLI makes when the API fails."),

  number<retry, &retry_settings::attempts>(
    "retry.attempts", 0, 5, "",
    "How often a turn is run again when its process is lost before the client has seen anything "
    "of the answer."),
  seconds<retry, &retry_settings::backoff>(
    "retry.backoff_seconds", 0, 60'000,
    "Longest wait before the first such run; up to half of it is left out by chance. Doubles with "
    "each further run."),
  number<retry, &retry_settings::budget_percent>("retry.budget_percent", 0, 100, "percent",
                                                 "Such runs per hundred requests. After a quiet "
                                                 "time ten are in hand, shared by the I/O threads; "
                                                 "each thread has one at least."),

  number<supervision, &supervision_settings::start_failures_max>(
    "supervision.start_failures_max", 1, 1000, "",
    "Failed starts of processes within the period after which none is started for a while."),
  seconds<supervision, &supervision_settings::start_failures_period>(
    "supervision.start_failures_period_seconds", 10, hour_ms, "The period."),
  seconds<supervision, &supervision_settings::start_pause>(
    "supervision.start_pause_seconds", 10, hour_ms,
    "First such pause; then one start is tried. Doubles with each trial that fails."),
  seconds<supervision, &supervision_settings::start_pause_max>(
    "supervision.start_pause_max_seconds", 10, 24 * hour_ms, "Longest such pause."),

  text<models, &models_settings::default_model>(
    "models.default", real_model,
    "Model for requests that name none, and for aliases that point to `default`."),
  table<models, &models_settings::aliases>(
    "models.aliases", filled_table,
    "Names that stand for other models: pattern (may hold `*` and `?`) to name. First match wins; "
    "your entries come before the built-in ones."),
  list<models, &models_settings::list>(
    "models.list", filled_list, "Models shown by GET /v1/models. Replaces the default list."),
  flag<models, &models_settings::echo_requested>(
    "models.echo_requested",
    "Answer with the model name of the request instead of the model that ran."),

  minutes<conversation, &conversation_settings::session_timeout>(
    "conversation.session_timeout_minutes", 600, 720 * hour_ms,
    "Idle time after which a conversation's process is closed. The conversation can go on later."),
  number<conversation, &conversation_settings::stored_max>(
    "conversation.stored_max", 1, 10'000'000, "conversations",
    "Conversations remembered; the least recently used is forgotten first."),
  number<conversation, &conversation_settings::stored_bytes_max>(
    "conversation.stored_bytes_max", 64 * kib, 1024 * gib, "bytes",
    "Memory for remembered conversations."),
  number<conversation, &conversation_settings::queue_max>(
    "conversation.queue_max", 0, 10'000, "requests",
    "Requests that may wait for one busy conversation."),

  number<limits, &limits_settings::connections_max>("limits.connections_max", 1, 1'000'000,
                                                    "connections", "Open client connections."),
  number<limits, &limits_settings::connections_per_address_max>(
    "limits.connections_per_address_max", 1, 1'000'000, "connections",
    "Open connections of one address; loopback is exempt."),
  number<limits, &limits_settings::requests_per_connection_max>(
    "limits.requests_per_connection_max", 1, 1'000'000'000, "requests",
    "Requests on one connection before it is closed."),
  number<limits, &limits_settings::request_line_bytes_max>(
    "limits.request_line_bytes_max", 256, 64 * kib, "bytes", "First line of a request."),
  number<limits, &limits_settings::header_bytes_max>("limits.header_bytes_max", kib, mib, "bytes",
                                                     "Whole head of a request."),
  number<limits, &limits_settings::header_fields_max>("limits.header_fields_max", 8, 10'000,
                                                      "fields", "Header fields of a request."),
  seconds<limits, &limits_settings::header_timeout>("limits.header_timeout_seconds", 10, hour_ms,
                                                    "Time to send the head of a request."),
  seconds<limits, &limits_settings::keep_alive_timeout>(
    "limits.keep_alive_timeout_seconds", 10, 24 * hour_ms,
    "Idle time between two requests of a connection."),
  number<limits, &limits_settings::body_bytes_max>("limits.body_bytes_max", kib, gib, "bytes",
                                                   "Body of a request."),
  seconds<limits, &limits_settings::body_idle_timeout>("limits.body_idle_timeout_seconds", 10,
                                                       hour_ms, "Longest pause inside a body."),
  number<limits, &limits_settings::body_rate_min>(
    "limits.body_bytes_per_second_min", 0, gib, "bytes per second",
    "Slowest acceptable body, on average after its first 15 seconds."),
  number<limits, &limits_settings::json_depth_max>("limits.json_depth_max", 8, 1024, "levels",
                                                   "Nesting of a request's JSON."),
  number<limits, &limits_settings::json_values_max>("limits.json_values_max", 100, 10'000'000,
                                                    "values", "Values in a request's JSON."),
  number<limits, &limits_settings::messages_max>("limits.messages_max", 1, 100'000, "messages",
                                                 "Messages in a chat request."),
  number<limits, &limits_settings::answer_bytes_max>("limits.answer_bytes_max", kib, gib, "bytes",
                                                     "Answer that is collected before it is sent."),
  number<limits, &limits_settings::stream_buffer_bytes>(
    "limits.stream_buffer_bytes", 4 * kib, gib, "bytes",
    "Unsent part of a stream at which its process is made to wait for the client."),
  seconds<limits, &limits_settings::write_stall_timeout>(
    "limits.write_stall_timeout_seconds", 10, hour_ms,
    "Time after which a client that takes nothing is given up."),
  seconds<limits, &limits_settings::stream_header_delay>(
    "limits.stream_header_delay_seconds", 0, hour_ms,
    "A stream's 200 is sent after this time even if there is no text yet; failures before it keep "
    "their HTTP status."),
  seconds<limits, &limits_settings::stream_ping_interval>(
    "limits.stream_ping_interval_seconds", 10, hour_ms,
    "Pause in a stream after which a comment line is sent to keep it open."),
  number<limits, &limits_settings::queue_max>("limits.queue_max", 1, 100'000, "requests",
                                              "Requests that may wait for a free process."),
  seconds<limits, &limits_settings::queue_timeout>("limits.queue_timeout_seconds", 10, hour_ms,
                                                   "Longest wait for a free process."),
  number<limits, &limits_settings::cli_line_bytes_max>("limits.cli_line_bytes_max", 4 * kib, gib,
                                                       "bytes", "One line from the CLI."),
  number<limits, &limits_settings::cli_stderr_bytes_max>(
    "limits.cli_stderr_bytes_max", kib, 16 * mib, "bytes",
    "Kept end of what a process writes to standard error."),
  seconds<limits, &limits_settings::drain_timeout>(
    "limits.drain_timeout_seconds", 10, 24 * hour_ms,
    "Time that running turns have to end after SIGTERM."),

  log_level_row(),
  word<log, &log_settings::format>("log.format", "text|json", "Form of a log line."),
};

bool is_choice(std::string_view choices, std::string_view word_given) noexcept {
  while (!choices.empty()) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == word_given)
      return true;
    choices.remove_prefix(bar == std::string_view::npos ? choices.size() : bar + 1);
  }
  return false;
}

std::string listed(std::string_view choices) {
  std::string out;
  for (const char c : choices)
    if (c == '|')
      out += ", ";
    else
      out += c;
  return out;
}

bool in_range(const key& row, std::int64_t number_given) noexcept {
  return number_given >= row.minimum && number_given <= row.maximum;
}

} // namespace

std::span<const key> keys() noexcept {
  return table_of_keys;
}

const key* find_key(std::string_view name) noexcept {
  const auto all = keys();
  const auto found =
    std::find_if(all.begin(), all.end(), [&](const key& row) { return row.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::optional<std::string> problem_with(const key& row, const value& given) {
  const bool outside =
    (row.type == value_type::integer && !in_range(row, std::get<std::int64_t>(given)))
    || (row.type == value_type::duration
        && !in_range(row, std::get<std::chrono::milliseconds>(given).count()));
  if (outside)
    return "must be from " + range_text(row);
  if (!row.choices.empty() && !is_choice(row.choices, std::get<std::string>(given)))
    return "must be one of " + listed(row.choices);
  if (row.content_problem)
    return row.content_problem(given);
  return {};
}

std::string environment_name(const key& row) {
  std::string out = "CLAUDE_CODE__";
  for (const char c : row.name) {
    if (c == '.')
      out += "__";
    else
      out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

std::string range_text(const key& row) {
  std::string out;
  if (row.type == value_type::integer)
    out = std::to_string(row.minimum) + " to " + std::to_string(row.maximum);
  else if (row.type == value_type::duration)
    out = to_toml(std::chrono::milliseconds{row.minimum}, row.unit_ms) + " to "
          + to_toml(std::chrono::milliseconds{row.maximum}, row.unit_ms);
  if (!out.empty() && !row.unit.empty())
    out.append(" ").append(row.unit);
  return out;
}

} // namespace ccapi::config
