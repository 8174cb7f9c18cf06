#include "config/api_keys.hpp"
#include "config/content.hpp"
#include "config/limit_rows.hpp"
#include "config/row.hpp"
#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

// The schema: one row per key, grouped by section, in the order of settings.hpp. The rows of
// [limits] stand in limit_rows.hpp.

namespace ccapi::config {

namespace {

template <std::size_t... Sizes>
constexpr auto joined(const std::array<key, Sizes>&... parts) {
  std::array<key, (Sizes + ...)> all{};
  auto at = all.begin();
  ((at = std::copy(parts.begin(), parts.end(), at)), ...);
  return all;
}

constexpr auto server = &settings::server;
constexpr auto tls = &settings::tls;
constexpr auto auth = &settings::auth;
constexpr auto cors = &settings::cors;
constexpr auto claude = &settings::claude;
constexpr auto retry = &settings::retry;
constexpr auto supervision = &settings::supervision;
constexpr auto models = &settings::models;
constexpr auto openai = &settings::openai;
constexpr auto conversation = &settings::conversation;
constexpr auto store = &settings::store;
constexpr auto cache = &settings::cache;
constexpr auto idempotency = &settings::idempotency;
constexpr auto log = &settings::log;
constexpr auto images = &settings::images;
constexpr auto file_access = &settings::file_access;
constexpr auto mcp = &settings::mcp;
constexpr auto process_pool = &settings::process_pool;

constexpr std::array rows_ahead_of_limits{
  at_start(text<server, &server_settings::host>(
    "server.host", not_empty,
    "Address to listen on. Anything but loopback needs API keys, or "
    "server.allow_insecure_no_auth.")),
  at_start(number<server, &server_settings::port>("server.port", 0, 65535, "",
                                                  "Port to listen on; 0 takes any free one.")),
  at_start(flag<server, &server_settings::tcp>(
    "server.tcp",
    "Listen on server.host and server.port. With false, only on server.unix_socket.")),
  at_start(text<server, &server_settings::unix_socket>(
    "server.unix_socket", no_nul,
    "Path of a Unix socket to listen on as well; only processes of the gateway's own user may "
    "connect. Empty: none.")),
  list<server, &server_settings::allowed_hosts>(
    "server.allowed_hosts", host_names,
    "Names accepted in the Host header beside those of this machine, as `name` or `name:port`. "
    "`*` accepts any and needs API keys."),
  flag<server, &server_settings::allow_insecure_no_auth>(
    "server.allow_insecure_no_auth",
    "Permits to listen beyond loopback without API keys. Whoever reaches the port then uses your "
    "Claude account."),
  flag<server, &server_settings::lenient_content_type>(
    "server.lenient_content_type",
    "Accept JSON bodies that are declared as text/plain or not at all, from requests that show a "
    "valid API key."),
  flag<server, &server_settings::strict_parameters>(
    "server.strict_parameters",
    "Refuse requests with parameters that would be left out or changed, with 400, instead of "
    "naming "
    "those in x-ccapi-ignored-params. A request asks for it by x-ccapi-strict: true."),
  at_start(number<server, &server_settings::io_threads>(
    "server.io_threads", 0, 256, "",
    "Threads that serve connections; 0 = one per core. One is enough for thousands of turns a "
    "second.")),

  at_start(text<tls, &tls_settings::certificate_file>(
    "tls.certificate_file", no_nul,
    "PEM file with the certificate, and behind it those between it and the root. With this and "
    "tls.private_key_file, server.port speaks TLS (https) and nothing else. SIGHUP reads both "
    "files "
    "anew.")),
  at_start(text<tls, &tls_settings::private_key_file>(
    "tls.private_key_file", no_nul,
    "PEM file with the certificate's private key, without a passphrase.")),

  flag<auth, &auth_settings::enabled>(
    "auth.enabled",
    "Refuse to start without API keys. Where there are keys, they are asked for in any case."),
  records<auth, &auth_settings::keys>(
    "auth.keys", key_records,
    "[[auth.keys]] tables: `name`; one of `sha256`, `env`, `file`; optional "
    "`admin`, `profile`, `max_concurrent`, `requests_per_minute`, `budget_usd_per_day`, "
    "`additional_dirs`. See docs/operations.md."),
  secret(list<auth, &auth_settings::api_keys>(
    "auth.api_keys", plain_keys,
    "Further API keys, as they are (16 characters or more) or as `sha256:` and 64 hex digits; "
    "named key-1, key-2 and so on.")),
  number<auth, &auth_settings::failures_per_minute_max>(
    "auth.failures_per_minute_max", 1, 1'000'000, "requests",
    "Requests with a wrong key or none that an address may send in a minute before it is answered "
    "429 instead of 401."),

  list<cors, &cors_settings::allowed_origins>(
    "cors.allowed_origins", origins,
    "Web pages that may use the gateway, as the browser names them: `http://localhost:3000`."),
  flag<cors, &cors_settings::allow_any>("cors.allow_any", "Let every web page in. Needs API keys."),

  at_start(text<claude, &claude_settings::command>(
    "claude.command", not_empty,
    "The Claude Code CLI: a program name, looked up in PATH at start, or a path.")),
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
  word<claude, &claude_settings::thinking>(
    "claude.thinking", "auto|off",
    "Whether models think where a request asks for no reasoning_effort: as the CLI does by itself, "
    "or not, as far as the model can do without."),
  at_start(word<claude, &claude_settings::bare>(
    "claude.bare", "auto|on|off",
    "Start the CLI with --bare: `auto` does so when an API key is in the environment (a "
    "subscription login does not work with it).")),
  at_start(list<claude, &claude_settings::env_allow>(
    "claude.env_allow", variable_patterns,
    "Environment variables handed on to the CLI; a `*` at the end matches any rest. Replaces the "
    "default list.")),
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
  seconds<claude, &claude_settings::tool_timeout>(
    "claude.tool_timeout_seconds", 10, 24 * hour_ms,
    "Time a process waits for the results of the tools that its answer has called. Later ones are "
    "told to another process, with the whole dialogue."),
  seconds<claude, &claude_settings::interrupt_timeout>(
    "claude.interrupt_timeout_seconds", 10, hour_ms,
    "Time an interrupted turn has to end before its process is closed."),
  seconds<claude, &claude_settings::close_grace>(
    "claude.close_grace_seconds", 10, hour_ms,
    "Time a process has to leave by itself before SIGTERM, and after that before SIGKILL."),
  at_start(number<claude, &claude_settings::max_retries>(
    "claude.max_retries", 0, 100, "", "Retries that the CLI makes when the API fails.")),

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
    "models.list", filled_list,
    "Models shown by GET /v1/models. Replaces the default list, to which the names are added that "
    "the CLI lists."),
  flag<models, &models_settings::echo_requested>(
    "models.echo_requested",
    "Answer with the model name of the request instead of the model that ran."),

  flag<openai, &openai_settings::usage_cost>(
    "openai.usage_cost",
    "Tell in `usage` what an answer cost, as `cost`, in US dollars; OpenAI has no such member. The "
    "header x-ccapi-cost-usd tells it in any case."),

  minutes<conversation, &conversation_settings::session_timeout>(
    "conversation.session_timeout_minutes", 600, 720 * hour_ms,
    "Idle time after which a conversation's process is closed. The conversation can go on later."),
  number<conversation, &conversation_settings::stored_max>(
    "conversation.stored_max", 1, 10'000'000, "conversations",
    "Conversations remembered; beyond that the API key with the most forgets its least recently "
    "used."),
  number<conversation, &conversation_settings::stored_bytes_max>(
    "conversation.stored_bytes_max", 64 * kib, 1024 * gib, "bytes",
    "Memory for remembered conversations."),
  word<conversation, &conversation_settings::busy>(
    "conversation.busy", "queue|reject|interrupt",
    "A request names a conversation in which another one is being answered: it waits, gets 409, or "
    "ends the other one. Requests that bring their whole history never meet."),
  number<conversation, &conversation_settings::queue_max>(
    "conversation.queue_max", 0, 10'000, "requests",
    "Requests that may wait for one busy conversation."),
  number<conversation, &conversation_settings::max_history_messages>(
    "conversation.max_history_messages", 0, 100'000, "messages",
    "Messages of a stored conversation that a new process is told, counted from its end; 0 = all. "
    "Messages that a request brings itself are never left out."),

  at_start(flag<store, &store_settings::enabled>(
    "store.enabled",
    "Keep named conversations on disk, so that they go on after a restart. With false they are "
    "kept in memory only.")),
  at_start(text<store, &store_settings::path>(
    "store.path", no_nul,
    "The file. Empty: `conversations.sqlite` in $STATE_DIRECTORY, else in "
    "`$XDG_STATE_HOME/claude-code-api` or `~/.local/state/claude-code-api`. The gateway makes the "
    "file (0600) and its directory (0700).")),
  at_start(word<store, &store_settings::durability>(
    "store.durability", "commit_before_answer|after_answer",
    "When a turn's answer ends: once the turn is on the disk, or without waiting; then a crash of "
    "the machine may lose the last turns.")),
  seconds<store, &store_settings::commit_timeout>(
    "store.commit_timeout_seconds", 100, 60'000,
    "Longest wait for the disk. A turn that is not kept by then ends all the same, with "
    "`\"stored\": false`."),
  number<store, &store_settings::retention_days>(
    "store.retention_days", 0, 36'500, "days",
    "Conversations are deleted so long after their last turn; 0 = never."),
  number<store, &store_settings::bytes_max>(
    "store.bytes_max", 0, 1024 * gib, "bytes",
    "Size of the file beyond which the conversations that were unused for longest are deleted, "
    "unnamed ones first; 0 = no limit."),
  number<store, &store_settings::queue_bytes_max>(
    "store.queue_bytes_max", 64 * kib, 64 * gib, "bytes",
    "Memory for turns, and answers for Idempotency-Keys, that wait for the disk; further ones are "
    "not kept."),
  minutes<store, &store_settings::unnamed_time>(
    "store.unnamed_minutes", 0, 720 * hour_ms,
    "How long the first turn of a conversation is kept whose id no request has used yet; 0 = not "
    "at all."),
  number<store, &store_settings::unnamed_per_minute_max>(
    "store.unnamed_per_minute_max", 1, 1'000'000, "turns",
    "Such turns that are kept in a minute; further ones are not, so that a flood of single "
    "questions "
    "costs no disk."),
};

constexpr std::array rows_behind_limits{
  flag<cache, &cache_settings::enabled>(
    "cache.enabled", "Answer repeated requests from memory, and equal ones at a time by one run."),
  number<cache, &cache_settings::max_entries>(
    "cache.max_entries", 1, 10'000'000, "answers",
    "Answers kept; beyond that the least recently used one is dropped."),
  number<cache, &cache_settings::ttl_seconds>("cache.ttl_seconds", 1, 31'536'000, "seconds",
                                              "How long they are kept."),
  number<cache, &cache_settings::bytes_max>(
    "cache.bytes_max", 64 * kib, 1024 * gib, "bytes",
    "Memory for kept answers and the requests that they belong to."),
  number<cache, &cache_settings::entry_bytes_max>(
    "cache.entry_bytes_max", kib, gib, "bytes",
    "Longest answer, with its request, that is kept. Equal requests at a time can join a run as "
    "long as its answer is not longer."),
  word<cache, &cache_settings::scope>(
    "cache.scope", "deterministic|all",
    "Requests that the cache is for: those with `temperature` 0 or a `seed` that declare no tools, "
    "or all. Never those with a `conversation_id`."),

  seconds<idempotency, &idempotency_settings::ttl>(
    "idempotency.ttl_seconds", 1000, 24 * hour_ms,
    "How long an answer is kept for requests with the same Idempotency-Key, from its end on."),
  seconds<idempotency, &idempotency_settings::grace>(
    "idempotency.grace_seconds", 0, hour_ms,
    "How long a turn with an Idempotency-Key goes on when its client has left, for it to come "
    "back."),
  number<idempotency, &idempotency_settings::bytes_max>(
    "idempotency.bytes_max", 64 * kib, 1024 * gib, "bytes",
    "Memory for the answers of requests with an Idempotency-Key, those in work included, and room "
    "for them in the store; the oldest ones go first."),

  log_level_row(),
  at_start(word<log, &log_settings::format>("log.format", "text|json", "Form of a log line.")),

  list<images, &images_settings::allowed_hosts>(
    "images.allowed_hosts", url_hosts,
    "Hosts whose pictures are fetched where a request names them by a URL of http or https, as "
    "`name` (ports 80 and 443) or `name:port`; `*`: all. Only public addresses are asked."),
  list<images, &images_settings::private_hosts>(
    "images.private_hosts", named_url_hosts,
    "The same for hosts that may have private addresses, loopback included. Whoever may send "
    "requests then reaches their ports through the gateway."),
  text<images, &images_settings::ca_file>(
    "images.ca_file", no_nul,
    "Certificates (PEM) that those of https hosts are checked against; empty: the system's."),
  seconds<images, &images_settings::timeout>(
    "images.timeout_seconds", 100, 10 * 60'000,
    "Time for all pictures that a request names by URLs or paths to be loaded."),
  seconds<images, &images_settings::connect_timeout>("images.connect_timeout_seconds", 100, 60'000,
                                                     "Time for a connection to such a host."),
  at_start(number<images, &images_settings::loads_max>("images.loads_max", 1, 64, "pictures",
                                                       "Pictures loaded at a time.")),
  at_start(number<images, &images_settings::waiting_max>(
    "images.waiting_max", 1, 10'000, "pictures",
    "Pictures that may wait to be loaded, all requests together; beyond it: 503. The pictures of "
    "one request may be more, where nothing else waits.")),

  inactive(flag<file_access, &file_access_settings::skip_permissions>(
    "file_access.skip_permissions",
    "Let the CLI's own tools run without asking. On loopback without API keys it needs "
    "server.allow_insecure_no_auth as well; elsewhere it needs API keys.")),
  list<file_access, &file_access_settings::additional_dirs>(
    "file_access.additional_dirs", absolute_paths,
    "Directories whose pictures requests may name by a path or a file: URL. An API key's own "
    "`additional_dirs` (auth.keys) count instead."),
  inactive(flag<mcp, &mcp_settings::enabled>("mcp.enabled", "Give the CLI MCP servers.")),
  inactive(
    text<mcp, &mcp_settings::config_file>("mcp.config_file", no_nul, "File that describes them.")),
  inactive(
    text<mcp, &mcp_settings::config_json>("mcp.config_json", no_nul, "The same as JSON text.")),
  inactive(flag<mcp, &mcp_settings::strict>("mcp.strict", "Only the servers of that description.")),
  inactive(flag<mcp, &mcp_settings::debug>("mcp.debug", "Log what the servers say.")),
  number<process_pool, &process_pool_settings::size>(
    "process_pool.size", 0, 10'000, "processes",
    "Most spare processes, for all models together; 0 = none. They count among "
    "claude.max_concurrent_sessions and take at most a third of it."),
  number<process_pool, &process_pool_settings::min_idle>(
    "process_pool.min_idle", 0, 10'000, "processes",
    "Spare processes of a model in use that are kept even if requests are few."),
  number<process_pool, &process_pool_settings::max_idle>(
    "process_pool.max_idle", 0, 10'000, "processes",
    "Most spare processes of one model, however many requests come."),
  flag<process_pool, &process_pool_settings::reuse>(
    "process_pool.reuse",
    "Where dialogues of a system prompt and model hardly ever get a second turn, lead an idle "
    "process back to nothing for the next one of the same API key. Needs CLI 2.1.330 or later."),
  flag<process_pool, &process_pool_settings::prime>(
    "process_pool.prime",
    "Tell spare processes ahead the system prompt that most new dialogues of their model have had "
    "lately; only the API key that it belongs to gets them. One spare of each model is told "
    "nothing."),
  minutes<process_pool, &process_pool_settings::model_idle>(
    "process_pool.model_idle_minutes", 1'000, 720 * hour_ms,
    "A model that no request has asked for in this time has no spare processes any more. The "
    "default model is always in use."),
  number<process_pool, &process_pool_settings::turns_max>(
    "process_pool.turns_max", 0, 1'000'000, "turns",
    "Turns after which a process is closed and its conversation goes on in a new one; 0 = no end."),
  number<process_pool, &process_pool_settings::process_memory_max_mb>(
    "process_pool.process_memory_max_mb", 0, 1'000'000, "MiB",
    "A process that holds more memory than this (its proportional set size) is closed when idle; "
    "0 = no limit."),
  number<process_pool, &process_pool_settings::memory_available_min_mb>(
    "process_pool.memory_available_min_mb", 0, 1'000'000, "MiB",
    "With less memory left, on the machine or within the limits of the service or container, spare "
    "and long idle processes are closed; 0 = never."),
};

constexpr auto table_of_keys = joined(rows_ahead_of_limits, limit_rows, rows_behind_limits);

} // namespace

std::span<const key> keys() noexcept {
  return table_of_keys;
}

} // namespace ccapi::config
