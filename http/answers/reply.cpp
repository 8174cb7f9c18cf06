#include "http/answers/reply.hpp"

#include "http/answers/error_table.hpp"
#include "http/http_shard.hpp"

namespace ccapi::http {

namespace {

/// For refusals that pass by themselves soon.
constexpr std::chrono::milliseconds short_wait{1000};

} // namespace

std::string problem_body(const dialect::protocol& dialect, const transport_problem& problem) {
  return dialect.error({.kind = problem.kind, .code = problem.code, .message = problem.message});
}

void append_retry_headers(std::string& lines, bool should_retry,
                          std::optional<std::chrono::milliseconds> after) {
  append_header(lines, "x-should-retry", should_retry ? "true" : "false");
  if (!after)
    return;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*after);
  append_header(lines, "retry-after", std::to_string(seconds.count()));
  append_header(lines, "retry-after-ms", std::to_string(after->count()));
}

void reply_json(exchange& client, std::string_view body, std::string_view extra) {
  client.reply({.extra = extra}, body);
}

void reply_problem(exchange& client, const transport_problem& problem, std::string_view allow,
                   std::optional<std::chrono::milliseconds> retry_after) {
  std::string extra;
  append_header(extra, "allow", allow);
  if (problem.status == 401)
    append_header(extra, "www-authenticate", "Bearer");
  if (problem.status == 503 && !retry_after)
    retry_after = short_wait;
  // Only what time heals is worth a retry; the rest would fail again.
  const bool passes = problem.status == 503 || problem.status == 429 || problem.status == 409
                      || problem.status == 408;
  append_retry_headers(extra, passes, retry_after);
  const auto* dialect = client.request().dialect;
  client.reply({.status = problem.status, .extra = extra}, problem_body(*dialect, problem));
}

void reply_error(exchange& client, const domain::error& failure, bool work_begun,
                 std::string_view extra) {
  report_failure(client, failure);
  const auto row = row_for(failure.code);
  std::string lines{extra};
  append_retry_headers(lines, row.retryable && failure.retry_useful && !work_begun,
                       failure.retry_after);
  const bool leaving = failure.code == domain::error_code::draining;
  client.reply({.status = row.status, .extra = lines, .close = leaving},
               client.request().dialect->error(dialect::public_form_of(failure)));
}

void report_failure(exchange& client, const domain::error& failure) {
  ++client.shard().gateway.totals().errors[domain::index_of(failure.code)];
  const auto level = row_for(failure.code).level;
  const auto& log = client.shard().log;
  // What only the client got wrong is in the access log; what upstream said stands nowhere else.
  const bool ordinary = level == observe::log_level::info && failure.detail.empty();
  if (ordinary || !log.enabled(level))
    return;
  const auto code = dialect::public_form_of(failure).code; // what the client can tell of
  log.write(level, "turn failed",
            {{"request", client.request().id},
             {"code", code.empty() ? domain::to_string(failure.code) : code},
             {"detail", failure.detail}});
}

} // namespace ccapi::http
