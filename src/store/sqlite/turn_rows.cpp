#include "store/message_text.hpp"
#include "store/sqlite/records.hpp"
#include "store/sqlite/seal.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ccapi::store {

namespace {

constexpr const char* insert_row =
  "INSERT INTO turns (tenant, conversation, seq, parent, state, depth, reason, request_id, model,"
  " model_ran, input_tokens, cache_write_tokens, cache_read_tokens, output_tokens,"
  " reasoning_tokens, cost_microdollars, waited_us, total_us, at, seal, system_payload,"
  " system_prompt, messages)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* select_row =
  "SELECT parent, state, depth, reason, request_id, model, model_ran, input_tokens,"
  " cache_write_tokens, cache_read_tokens, output_tokens, reasoning_tokens, cost_microdollars,"
  " waited_us, total_us, at, seal, system_payload, system_prompt, messages"
  " FROM turns WHERE tenant = ? AND conversation = ? AND seq = ?";
constexpr const char* select_outline =
  "SELECT parent, state, depth FROM turns WHERE tenant = ? AND conversation = ? AND seq = ?";
/// Parents are older than their children: a damaged row leads into no circle.
constexpr const char* select_path =
  "WITH RECURSIVE path (seq) AS ("
  " VALUES (?3)"
  " UNION ALL"
  " SELECT turns.parent FROM path CROSS JOIN turns"
  " WHERE turns.tenant = ?1 AND turns.conversation = ?2 AND turns.seq = path.seq"
  " AND turns.parent > 0 AND turns.parent < turns.seq)"
  " SELECT seq FROM path";

/// What a turn says, as the row holds it.
struct turn_texts {
  std::int64_t system_payload = 0; ///< 0: none
  std::optional<std::string> system_prompt{};
  std::string messages;
};

std::int64_t stored(std::uint64_t number) noexcept {
  return static_cast<std::int64_t>(number);
}

std::int64_t seal_of(std::string_view tenant, std::int64_t conversation, domain::turn_number number,
                     const domain::stored_turn& turn, const turn_texts& texts) {
  seal sum;
  sum.text(tenant).number(conversation).number(number).number(turn.parent);
  sum.number(static_cast<std::int64_t>(turn.state)).number(stored(turn.depth));
  sum.number(static_cast<std::int64_t>(turn.reason));
  sum.text(turn.request_id).text(turn.model).text(turn.model_ran);
  sum.number(turn.usage.input_tokens).number(turn.usage.cache_write_tokens);
  sum.number(turn.usage.cache_read_tokens).number(turn.usage.output_tokens);
  sum.number(turn.usage.reasoning_tokens).number(turn.cost_microdollars);
  sum.number(turn.waited.count()).number(turn.total.count()).number(stored_time(turn.at));
  sum.number(texts.system_payload).number(texts.system_prompt ? 1 : 0);
  sum.text(texts.system_prompt.value_or(std::string{})).text(texts.messages);
  return sum.value();
}

void read_figures(query& row, domain::stored_turn& turn) {
  turn.usage.input_tokens = row.number();
  turn.usage.cache_write_tokens = row.number();
  turn.usage.cache_read_tokens = row.number();
  turn.usage.output_tokens = row.number();
  turn.usage.reasoning_tokens = row.number();
  turn.cost_microdollars = row.number();
  turn.waited = std::chrono::microseconds{row.number()};
  turn.total = std::chrono::microseconds{row.number()};
  turn.at = wall_time_of(row.number());
}

/// What is kept apart from the row. The row fits its seal.
void resolve(connection& db, domain::stored_turn& turn, turn_texts& texts,
             tenant_payloads& payloads) {
  turn.system_prompt = std::move(texts.system_prompt);
  if (texts.system_payload > 0) {
    const auto prompt = payloads.find(texts.system_payload);
    if (!prompt)
      return;
    turn.system_prompt = **prompt;
  }
  auto messages = read_messages(texts.messages, &payloads);
  if (messages)
    turn.messages = *std::move(messages);
  else
    db.fail(db_failure::damaged_row, "a turn's text: " + messages.error().message);
}

} // namespace

std::optional<turn_outline> outline_of(connection& db, std::string_view tenant,
                                       std::int64_t conversation, domain::turn_number turn) {
  auto row = db(select_outline);
  row.text(tenant).number(conversation).number(turn);
  if (!row.step())
    return std::nullopt;
  turn_outline outline;
  outline.parent = row.number(0, turn - 1);
  outline.state = static_cast<domain::stored_state>(row.number(0, 1));
  outline.depth = static_cast<std::uint64_t>(row.number(0, INT64_MAX));
  if (db.failed())
    return std::nullopt;
  return outline;
}

void insert_turn(connection& db, std::string_view tenant, std::int64_t conversation,
                 domain::turn_number number, const domain::stored_turn& turn) {
  tenant_payloads payloads{db, tenant};
  turn_texts texts;
  append_messages(texts.messages, turn.messages, &payloads);
  if (turn.system_prompt && turn.system_prompt->size() >= payload_bytes_min)
    texts.system_payload = payloads.keep(*turn.system_prompt);
  else
    texts.system_prompt = turn.system_prompt;
  {
    auto row = db(insert_row);
    row.text(tenant).number(conversation).number(number).number(turn.parent);
    row.number(static_cast<std::int64_t>(turn.state)).number(stored(turn.depth));
    row.number(static_cast<std::int64_t>(turn.reason));
    row.text(turn.request_id).text(turn.model).text(turn.model_ran);
    row.number(turn.usage.input_tokens).number(turn.usage.cache_write_tokens);
    row.number(turn.usage.cache_read_tokens).number(turn.usage.output_tokens);
    row.number(turn.usage.reasoning_tokens).number(turn.cost_microdollars);
    row.number(turn.waited.count()).number(turn.total.count()).number(stored_time(turn.at));
    row.number(seal_of(tenant, conversation, number, turn, texts));
    texts.system_payload > 0 ? row.number(texts.system_payload) : row.null();
    texts.system_prompt ? row.text(*texts.system_prompt) : row.null();
    row.text(texts.messages).run();
  }
  payloads.note_uses(conversation, number);
}

std::optional<domain::stored_turn> read_turn(connection& db, std::string_view tenant,
                                             std::int64_t conversation, domain::turn_number number,
                                             tenant_payloads& payloads) {
  domain::stored_turn turn;
  turn_texts texts;
  {
    auto row = db(select_row);
    row.text(tenant).number(conversation).number(number);
    if (!row.step()) {
      db.fail(db_failure::damaged_row, "a turn is missing");
      return std::nullopt;
    }
    turn.parent = row.number(0, number - 1);
    turn.state = static_cast<domain::stored_state>(row.number(0, 1));
    turn.depth = static_cast<std::uint64_t>(row.number(0, INT64_MAX));
    constexpr auto last_reason = static_cast<std::int64_t>(domain::finish_reason::tool_calls);
    turn.reason = static_cast<domain::finish_reason>(row.number(0, last_reason));
    turn.request_id = row.text();
    turn.model = row.text();
    turn.model_ran = row.text();
    read_figures(row, turn);
    const auto sealed = row.number();
    texts.system_payload = row.optional_number().value_or(0);
    if (const auto prompt = row.optional_text())
      texts.system_prompt.emplace(*prompt);
    texts.messages = row.text();
    if (!db.failed() && sealed != seal_of(tenant, conversation, number, turn, texts))
      db.fail(db_failure::damaged_row, "a turn's row does not fit its seal");
  }
  if (!db.failed())
    resolve(db, turn, texts, payloads);
  if (db.failed())
    return std::nullopt;
  return turn;
}

std::vector<domain::turn_number> path_to(connection& db, std::string_view tenant,
                                         std::int64_t conversation, domain::turn_number head) {
  std::vector<domain::turn_number> path;
  if (head == 0)
    return path;
  auto row = db(select_path);
  row.text(tenant).number(conversation).number(head);
  while (row.step())
    path.push_back(row.number(1, INT64_MAX));
  if (db.failed())
    return {};
  std::reverse(path.begin(), path.end());
  return path;
}

} // namespace ccapi::store
