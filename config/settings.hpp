#pragma once
// Everything that can be tuned: plain values with their defaults. schema.cpp has one row per key
// (range, help, names); load.cpp fills these from files, environment and flags.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::config {

using std::chrono::milliseconds;

/// [server] where the gateway listens and whom it answers.
struct server_settings {
  /// Address to bind. Loopback unless allow_insecure_no_auth says otherwise.
  std::string host = "127.0.0.1";
  /// 0 = any free port (printed at start).
  std::uint16_t port = 8080;
  /// false = no TCP at all; then unix_socket must be set.
  bool tcp = true;
  /// Path of a Unix socket to listen on as well, for this user only; empty = none.
  std::string unix_socket;
  /// Further names accepted in the Host header ("name" or "name:port"), beside loopback names.
  std::vector<std::string> allowed_hosts;
  /// Permits a non-loopback bind without API keys. Anyone who reaches it uses your account.
  bool allow_insecure_no_auth = false;
  /// Take bodies without Content-Type or declared text/plain, from requests with a valid key.
  bool lenient_content_type = false;
  /// Refuse parameters that would be left out or changed.
  bool strict_parameters = false;
  /// I/O threads; 0 = one per core. A second one costs each turn 17 to 26 % more CPU and pays where
  /// one is busy all the time (docs/performance.md, I/O threads).
  std::uint32_t io_threads = 1;
};

/// One API key, as config::load has worked it out of auth.keys and auth.api_keys.
struct api_key {
  /// [A-Za-z0-9._-]{1,64}; unique. Also the name space of the key's conversations.
  std::string name;
  /// The key itself, or empty where only its hash is known.
  std::string secret;
  /// 64 lower-case hex digits, or empty where the key itself is known.
  std::string sha256;
  std::string profile = "chat";
  /// In place of file_access.additional_dirs, if it has its own.
  std::optional<std::vector<std::string>> additional_dirs{};
  /// May read /stats and the details of /health.
  bool admin = false;
  /// Turns at a time; 0 = no limit.
  std::uint32_t max_concurrent = 0;
  /// 0 = no limit.
  std::uint32_t requests_per_minute = 0;
  /// What its turns may cost from midnight to midnight, UTC; millionths of a US dollar, 0 = no
  /// limit.
  std::int64_t budget_micro_usd_per_day = 0;

  friend bool operator==(const api_key&, const api_key&) = default;
};

/// [auth] who may use the gateway.
struct auth_settings {
  /// Refuse to start without keys.
  bool enabled = false;
  /// As configured; api_keys.hpp says what a record may hold.
  std::vector<std::vector<std::pair<std::string, std::string>>> keys;
  std::vector<std::string> api_keys;
  /// Refused requests of an address before it gets 429.
  std::uint32_t failures_per_minute_max = 20;
  /// What the two lists come to; set by config::load, no key of the configuration.
  std::vector<api_key> accepted;
};

/// [cors] web pages that may use the gateway.
struct cors_settings {
  /// Exact origins, "https://app.example".
  std::vector<std::string> allowed_origins;
  /// Every origin; only with API keys.
  bool allow_any = false;
};

/// [tls] PEM files; both or none. With them TCP connections speak TLS.
struct tls_settings {
  /// The certificate and, behind it, those between it and the root.
  std::string certificate_file;
  std::string private_key_file;
};

enum class bare_mode : std::uint8_t { automatic, on, off };
enum class thinking_policy : std::uint8_t { automatic, off };

/// [claude] the CLI and the processes that run it.
struct claude_settings {
  /// Program name (looked up in PATH once, at start) or path.
  std::string command = "claude";
  /// Total time of one turn.
  milliseconds timeout{300'000};
  /// Cap on live processes. Each costs up to 256 MB.
  std::uint32_t max_concurrent_sessions = 10;
  /// false = one process per request.
  bool use_interactive_sessions = true;
  /// System prompt of requests that bring none.
  std::string system_prompt;
  /// Whether turns think that do not ask for it: as the CLI does by itself, or not.
  thinking_policy thinking = thinking_policy::automatic;
  /// --bare: on when an API key is in the environment (auto), always, or never.
  bare_mode bare = bare_mode::automatic;
  /// Variables handed to the CLI; a trailing '*' matches any rest.
  std::vector<std::string> env_allow = {"ANTHROPIC_*",
                                        "CLAUDE_CONFIG_DIR",
                                        "CLAUDE_CODE_OAUTH_TOKEN",
                                        "HTTP_PROXY",
                                        "HTTPS_PROXY",
                                        "NO_PROXY",
                                        "SSL_CERT_FILE",
                                        "NODE_EXTRA_CA_CERTS",
                                        "LANG",
                                        "LC_*",
                                        "TZ",
                                        "HOME",
                                        "PATH"};
  /// From the start of a process until it answers its first control request.
  milliseconds boot_timeout{30'000};
  /// Answer to any later control request.
  milliseconds control_timeout{30'000};
  /// From the question until the process writes anything at all.
  milliseconds first_event_timeout{30'000};
  /// Silence of the process inside an answer.
  milliseconds event_idle_timeout{120'000};
  /// How long a process waits for the results of the calls that its answer ended with.
  milliseconds tool_timeout{600'000};
  /// After an interrupt until the turn's result.
  milliseconds interrupt_timeout{5'000};
  /// After closing its stdin until SIGTERM; the same again until SIGKILL.
  milliseconds close_grace{2'000};
  /// CLAUDE_CODE_MAX_RETRIES of the CLI.
  std::uint32_t max_retries = 2;
};

/// [process_pool] processes that are started before anybody asks, and when others are given up.
struct process_pool_settings {
  /// Most spares over all models; 0 = none.
  std::uint32_t size = 5;
  /// Spares of a model in use, at least and at most.
  std::uint32_t min_idle = 2;
  std::uint32_t max_idle = 5;
  /// A process whose dialogue nobody seems to go on with may begin the tenant's next one.
  bool reuse = true;
  /// Some spares are told ahead the system prompt that is asked for most.
  bool prime = true;
  /// How long a model counts as in use.
  milliseconds model_idle{30 * 60'000};
  /// Turns of a process; 0 = no end.
  std::uint32_t turns_max = 150;
  /// Proportional set size of an idle process; 0 = no limit.
  std::uint32_t process_memory_max_mb = 350;
  /// What programs can still have: process::memory_available; 0 = whatever it is.
  std::uint32_t memory_available_min_mb = 512;
};

/// [retry] turns whose process was lost before the client saw anything of the answer.
struct retry_settings {
  /// Runs beside the first; 0 = never again.
  std::uint32_t attempts = 1;
  /// Before the first of them, less up to half by chance; doubles with each.
  milliseconds backoff{100};
  /// Retries per hundred turns, beyond the ten in hand (domain::retry_budget).
  std::uint32_t budget_percent = 20;
};

/// [supervision] processes that do not come up.
struct supervision_settings {
  /// This many failed starts within the period: no more for a pause.
  std::uint32_t start_failures_max = 5;
  milliseconds start_failures_period{10'000};
  /// First pause; doubles with each failed trial up to the longest.
  milliseconds start_pause{5'000};
  milliseconds start_pause_max{60'000};
};

/// [models] names that clients may use.
struct models_settings {
  /// What "default", an absent model and the default globs resolve to.
  std::string default_model = "sonnet";
  /// Pattern -> name; the pattern may hold '*' and '?'. First match wins.
  std::vector<std::pair<std::string, std::string>> aliases = {
    {"gpt-*", "default"},
    {"chatgpt-*", "default"},
    {"o?", "default"},
    {"o?-*", "default"},
    {"codex-mini-latest", "default"},
    {"dummy", "default"},
    {"tgi", "default"},
    // What Anthropic has retired, or retires (claude-sonnet-4-5 on 2026-11-30).
    {"claude-sonnet-4-5*", "sonnet"},
    {"claude-opus-4-1*", "opus"},
    {"claude-opus-4-0", "opus"},
    {"claude-opus-4-20250514", "opus"},
    {"claude-sonnet-4-0", "sonnet"},
    {"claude-sonnet-4-20250514", "sonnet"},
    {"claude-3-7-sonnet-*", "sonnet"},
    {"claude-3-5-sonnet-*", "sonnet"},
    {"claude-3-5-haiku-*", "haiku"},
    {"claude-3-haiku-*", "haiku"},
    {"claude-3-opus-*", "opus"},
  };
  /// Names that GET /v1/models shows; while it is this list, the CLI's own names are added.
  std::vector<std::string> list = {"opus",
                                   "sonnet",
                                   "haiku",
                                   "claude-opus-4-8",
                                   "claude-opus-4-6",
                                   "claude-sonnet-4-6",
                                   "claude-haiku-4-5"};
  /// true = an answer's `model` repeats the name of the request; false = the model that ran.
  bool echo_requested = false;
};

/// [openai] answers in OpenAI's form.
struct openai_settings {
  /// `usage` has `cost`, which OpenAI's does not.
  bool usage_cost = false;
};

/// What becomes of a request for a conversation that is being answered.
enum class busy_policy : std::uint8_t { queue, reject, interrupt };

/// [conversation] dialogues kept between requests.
struct conversation_settings {
  /// Idle time after which a conversation's process is closed; its transcript stays.
  milliseconds session_timeout{30 * 60'000};
  /// Conversations remembered, over all I/O threads; the least recently used is forgotten.
  std::uint32_t stored_max = 10'000;
  /// Bytes of transcripts remembered, over all I/O threads.
  std::size_t stored_bytes_max = std::size_t{256} << 20;
  /// Of a request that names a conversation (by its id) in which a turn runs.
  busy_policy busy = busy_policy::queue;
  /// Requests that may wait for one busy conversation.
  std::uint32_t queue_max = 16;
  /// Stored messages that a new process is told, from the end; 0 = all.
  std::uint32_t max_history_messages = 0;
};

/// When a turn counts as kept.
enum class store_durability : std::uint8_t { commit_before_answer, after_answer };

/// [store] conversations that survive the program.
struct store_settings {
  bool enabled = true;
  /// Empty: conversations.sqlite in $STATE_DIRECTORY, else in the user's state directory.
  std::string path;
  store_durability durability = store_durability::commit_before_answer;
  /// How long a turn waits for its commit, and a request for what is read.
  milliseconds commit_timeout{2'000};
  std::uint32_t retention_days = 30;                   ///< since the last turn; 0 = no end
  std::size_t bytes_max = std::size_t{4} << 30;        ///< of the file; 0 = no end
  std::size_t queue_bytes_max = std::size_t{64} << 20; ///< turns that wait for the disk
  std::uint32_t unnamed_per_minute_max = 600;          ///< first turns without an id that are kept
  milliseconds unnamed_time{60 * 60'000}; ///< of first turns without an id; 0 = not kept
};

/// [limits] sizes, deadlines, queues.
struct limits_settings {
  // connections
  std::uint32_t connections_max = 2048;
  std::uint32_t connections_per_address_max = 64; ///< loopback addresses are exempt
  std::uint32_t requests_per_connection_max = 1000;
  // head of a request
  std::size_t request_line_bytes_max = 8 << 10;
  std::size_t header_bytes_max = 16 << 10;
  std::uint32_t header_fields_max = 100;
  milliseconds header_timeout{10'000};     ///< absolute, from the first byte (or the accept)
  milliseconds keep_alive_timeout{75'000}; ///< idle between requests
  // body of a request
  std::size_t body_bytes_max = std::size_t{32} << 20;
  std::size_t bodies_bytes_max = std::size_t{256} << 20; ///< all requests together
  std::uint32_t body_expansion_max = 100; ///< decoded bytes per encoded one, beyond the first MiB
  milliseconds body_idle_timeout{15'000};
  std::size_t body_rate_min = 1 << 10; ///< bytes/s over the body, after a first body_idle_timeout
  // JSON of a request
  std::uint32_t json_depth_max = 64;
  std::uint32_t json_values_max = 100'000;
  std::uint32_t messages_max = 2000;
  std::uint32_t tools_max = 512;
  std::size_t tools_bytes_max = std::size_t{1} << 20;  ///< names, descriptions, schemas, upstream
  std::size_t image_bytes_max = std::size_t{10} << 20; ///< base64 of one picture
  std::uint32_t image_pixels_max = 8000;               ///< per side
  std::size_t images_max = 100;                        ///< in a dialogue
  std::size_t document_bytes_max = std::size_t{24} << 20; ///< base64 of one document
  std::size_t schema_bytes_max = 256 << 10;               ///< of a response_format
  std::uint32_t choices_max = 4;                          ///< n of a request
  // answer
  std::size_t answer_bytes_max = std::size_t{32} << 20;
  std::size_t stream_buffer_bytes = 256 << 10; ///< unsent bytes before the process is paused
  milliseconds write_stall_timeout{30'000};
  milliseconds stream_header_delay{2'000}; ///< from the question on; also a busy API's longest wait
  milliseconds stream_ping_interval{15'000};
  // waiting for a process
  std::uint32_t queue_max = 64;
  milliseconds queue_timeout{30'000};
  // the CLI's output
  std::size_t cli_line_bytes_max = std::size_t{16} << 20;
  std::size_t cli_stderr_bytes_max = 64 << 10;
  // end of the gateway
  milliseconds drain_timeout{30'000};
};

enum class cache_scope : std::uint8_t { deterministic, all };

/// [cache] answers kept for equal requests.
struct cache_settings {
  bool enabled = true;
  /// Answers kept, over all I/O threads.
  std::uint32_t max_entries = 1000;
  std::uint32_t ttl_seconds = 3600;
  /// Of kept answers and the requests they belong to, over all I/O threads.
  std::size_t bytes_max = std::size_t{64} << 20;
  /// Of one of them. Also of an answer that several requests are getting at a time, as far as one
  /// that comes later can still have it from its beginning.
  std::size_t entry_bytes_max = std::size_t{1} << 20;
  /// Which requests: those that ask for equal answers, or all.
  cache_scope scope = cache_scope::deterministic;
};

/// [idempotency] answers kept for requests that are sent again with their Idempotency-Key.
struct idempotency_settings {
  milliseconds ttl{600'000};  ///< from the end of an answer
  milliseconds grace{60'000}; ///< that a turn goes on without its client
  /// Of these answers, those in work included, of all clients together.
  std::size_t bytes_max = std::size_t{64} << 20;
};

/// [log]
struct log_settings {
  std::string level = "info";  ///< trace | debug | info | warning | error | off
  std::string format = "text"; ///< text | json
};

/// [images]: pictures that requests name by a URL.
struct images_settings {
  std::vector<std::string> allowed_hosts; ///< "name", "name:port" or "*"
  std::vector<std::string> private_hosts; ///< "name" or "name:port"
  std::string ca_file;                    ///< empty: the system's certificates
  std::chrono::milliseconds timeout{10'000};
  std::chrono::milliseconds connect_timeout{3'000};
  std::size_t loads_max = 4;
  std::size_t waiting_max = 64;
};

/// [file_access]
struct file_access_settings {
  bool skip_permissions = false; ///< without effect in this version
  std::vector<std::string> additional_dirs;
};

/// [mcp]: read and checked, without effect in this version.
struct mcp_settings {
  bool enabled = false;
  std::string config_file;
  std::string config_json;
  bool strict = false;
  bool debug = false;
};

struct settings {
  server_settings server;
  tls_settings tls;
  auth_settings auth;
  cors_settings cors;
  claude_settings claude;
  retry_settings retry;
  supervision_settings supervision;
  models_settings models;
  openai_settings openai;
  conversation_settings conversation;
  store_settings store;
  limits_settings limits;
  cache_settings cache;
  idempotency_settings idempotency;
  log_settings log;
  images_settings images;
  file_access_settings file_access;
  mcp_settings mcp;
  process_pool_settings process_pool;
};

} // namespace ccapi::config
