#pragma once
// The usual whole answers: JSON, plain text, and errors in the form of the request's dialect.

#include "domain/error.hpp"
#include "http/answers/exchange.hpp"
#include "http/wire/transport_problem.hpp"

#include <string>
#include <string_view>

namespace ccapi::http {

/// The body that tells of a problem. Pure.
std::string problem_body(const dialect::protocol& dialect, const transport_problem& problem);

/// Appends x-should-retry, retry-after (whole seconds, rounded up) and retry-after-ms. Pure.
void append_retry_headers(std::string& lines, bool should_retry,
                          std::optional<std::chrono::milliseconds> after);

void reply_json(exchange& client, std::string_view body, std::string_view extra = {});

/// `allow`: the Allow header of a 405. `retry_after`: when it will pass, if that is known.
void reply_problem(exchange& client, const transport_problem& problem, std::string_view allow = {},
                   std::optional<std::chrono::milliseconds> retry_after = {});

/// Sends the failure's status and body, counts it and logs what isn't the client's own fault.
/// `work_begun`: the API has been called for this turn, a retry would pay twice.
void reply_error(exchange& client, const domain::error& failure, bool work_begun = false,
                 std::string_view extra = {});

/// Counts a failure that a client is told of, and logs it: level by its code, with the detail that
/// clients don't get.
void report_failure(exchange& client, const domain::error& failure);

} // namespace ccapi::http
