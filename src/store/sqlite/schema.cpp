#include "store/sqlite/schema.hpp"

#include <array>
#include <string>

namespace ccapi::store {

namespace {

// Times are nanoseconds since 1970, so that they come back as they were. `seal` is a checksum of
// the row (sqlite/seal.hpp). A removed conversation keeps its row until the last of its turns is
// gone; turns, of which there may be many, belong to its number, so that its id is free at once.
constexpr const char* version_1 = R"sql(
CREATE TABLE conversations (
  number INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0,
  named INTEGER NOT NULL,
  model TEXT NOT NULL,
  labels TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  last_turn INTEGER NOT NULL,
  head INTEGER NOT NULL,
  message_count INTEGER NOT NULL,
  turn_count INTEGER NOT NULL,
  total_tokens INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  seal INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX conversations_by_number ON conversations (tenant, number);
CREATE UNIQUE INDEX conversations_by_id ON conversations (tenant, id) WHERE removed = 0;
CREATE INDEX conversations_by_use ON conversations (tenant, updated_at DESC, id)
  WHERE named = 1 AND removed = 0;
CREATE INDEX conversations_by_age ON conversations (named, updated_at) WHERE removed = 0;
CREATE INDEX conversations_removed ON conversations (number) WHERE removed = 1;

CREATE TABLE turns (
  tenant TEXT NOT NULL,
  conversation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  parent INTEGER NOT NULL,
  state INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  model TEXT NOT NULL,
  model_ran TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_microdollars INTEGER NOT NULL,
  waited_us INTEGER NOT NULL,
  total_us INTEGER NOT NULL,
  at INTEGER NOT NULL,
  seal INTEGER NOT NULL,
  system_payload INTEGER,
  system_prompt TEXT,
  messages TEXT NOT NULL,
  PRIMARY KEY (tenant, conversation, seq),
  FOREIGN KEY (tenant, conversation) REFERENCES conversations (tenant, number)
) STRICT;

CREATE TABLE payloads (
  number INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX payloads_by_number ON payloads (tenant, number);
CREATE INDEX payloads_by_hash ON payloads (tenant, hash);

CREATE TABLE payload_uses (
  tenant TEXT NOT NULL,
  payload INTEGER NOT NULL,
  conversation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (tenant, conversation, seq, payload),
  FOREIGN KEY (tenant, conversation, seq) REFERENCES turns (tenant, conversation, seq),
  FOREIGN KEY (tenant, payload) REFERENCES payloads (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX payload_uses_by_payload ON payload_uses (tenant, payload);
)sql";

// Answers of requests with an Idempotency-Key. `bytes` is what counts of a row in their sum.
constexpr const char* version_2 = R"sql(
CREATE TABLE idempotency_records (
  number INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  answered_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  fields TEXT NOT NULL,
  streamed INTEGER NOT NULL,
  seal INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX idempotency_records_by_key ON idempotency_records (tenant, key);
CREATE INDEX idempotency_records_by_age ON idempotency_records (answered_at, bytes);
)sql";

constexpr std::array<migration, 2> all{{{1, version_1}, {2, version_2}}};

} // namespace

std::span<const migration> migrations() noexcept {
  return all;
}

file_kind kind_of(connection& db, std::int64_t newest) {
  const auto application = db.integer("PRAGMA application_id");
  const auto version = db.integer("PRAGMA user_version");
  const auto tables = db.integer("SELECT count(*) FROM sqlite_schema");
  if (db.failed())
    return file_kind::unreadable;
  if (application == 0 && version == 0 && tables == 0)
    return file_kind::empty;
  if (application != application_id)
    return file_kind::not_ours;
  return version > newest ? file_kind::newer : file_kind::ours;
}

bool migrate(connection& db, std::span<const migration> steps) {
  transaction all_steps{db, transaction::kind::write};
  const auto version = db.integer("PRAGMA user_version");
  if (!steps.empty() && version == steps.back().version)
    return !db.failed();
  for (const auto& step : steps) {
    if (step.version <= version)
      continue;
    db.execute(step.sql);
    db.execute(("PRAGMA user_version = " + std::to_string(step.version)).c_str());
  }
  db.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
  return all_steps.commit();
}

} // namespace ccapi::store
