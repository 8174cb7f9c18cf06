#include "http/answers/answer_records.hpp"

namespace ccapi::http {

bool is_worth_keeping(const answer_log& answer) noexcept {
  return answer.can_be_repeated() && answer.head()->status < 300;
}

domain::idempotency_record record_of(const answer_log& answer) {
  const auto& head = *answer.head();
  domain::idempotency_record record{.status = head.status,
                                    .content_type = head.content_type,
                                    .fields = head.fields,
                                    .streamed = head.streamed};
  record.body.reserve(answer.size());
  while (record.body.size() < answer.size())
    record.body += answer.from(record.body.size());
  return record;
}

logged_head head_of(const domain::idempotency_record& record) {
  return logged_head{
    {.status = record.status, .content_type = record.content_type, .extra = record.fields},
    record.streamed};
}

} // namespace ccapi::http
