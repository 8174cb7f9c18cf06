#pragma once
// answer_records: logged answers as the store keeps them. Pure.

#include "domain/turn/idempotency_record.hpp"
#include "http/answers/answer_log.hpp"

namespace ccapi::http {

/// Only successes are kept beyond the process: a refusal costs nothing to be given anew.
[[nodiscard]] bool is_worth_keeping(const answer_log& answer) noexcept;

/// Of an answer that can be repeated. Whose it is, and to what, is left open.
[[nodiscard]] domain::idempotency_record record_of(const answer_log& answer);

/// The head of what was kept.
[[nodiscard]] logged_head head_of(const domain::idempotency_record& record);

} // namespace ccapi::http
