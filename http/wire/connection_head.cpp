#include "dialect/protocol.hpp"
#include "http/access/cors.hpp"
#include "http/access/middleware.hpp"
#include "http/answers/reply.hpp"
#include "http/wire/ascii.hpp"
#include "http/wire/connection.hpp"

#include <algorithm>
#include <utility>

// connection: a complete head. Who may ask, for what, and how those are refused who may not.

namespace ccapi::http {

void connection::accept_head(std::size_t head_bytes) {
  const auto head = input_.view().substr(0, head_bytes);
  request_.received = clock::now();
  if (const auto* problem = validate_framing(head))
    return refuse(*problem);
  auto& reader = reader_.emplace(
    request_.body, std::min(shard_->limits().body_bytes_max, body_share_.bytes_max()), body_share_);
  const auto* problem = reader.read_head(head);
  const auto& fields = reader.fields();
  const auto target = reader.target();
  const auto query = target.find('?');
  request_.method = reader.verb();
  request_.path = target.substr(0, query);
  request_.query = query == std::string_view::npos ? std::string_view{} : target.substr(query + 1);
  request_.id = request_id_for(fields.request_id);
  request_.strict = ascii::equals_lower(fields.strict, "true") || fields.strict == "1";
  request_.cache = fields.cache;
  request_.idempotency_key = fields.idempotency_key;
  request_.accepts_json = fields.accept.find(json_type) != std::string_view::npos;
  http_10_ = reader.is_http_10();
  keep_alive_ = reader.keeps_alive() && ++requests_ < shard_->limits().requests_per_connection_max;
  coding_ = content_coding::identity;
  auto route = find_route(request_.method, request_.path);
  request_.dialect = shard_->dialects.*route.speaks;
  common_fields_.clear();
  if (!problem)
    problem = admit(fields, route);
  const bool wants_continue = fields.expects_continue && !http_10_;
  const bool preflight = !problem && is_preflight(request_.method, fields);
  if (preflight)
    append_preflight_fields(common_fields_, fields, route.allow,
                            is_listed(shard_->settings().cors, *fields.origin),
                            request_.dialect->headers);
  input_.consume(head_bytes); // the views of fields and target end here
  endpoint_ = route.found;
  if (problem)
    return refuse(*problem);
  if (preflight)
    return answer_preflight();
  if (!route.found)
    return refuse(*route.problem, route.allow);
  if (shard_->draining() && !route.found->answers_while_draining)
    return refuse(server_draining);
  request_.parameter = std::move(route.parameter);
  expect_body(wants_continue);
}

/// The checks of a head in their order; null = the request may go on.
const transport_problem* connection::admit(const head_fields& fields, const route& found) {
  const auto& settings = shard_->settings();
  if (const auto* problem =
        check_origin(fields, shard_->hosts(stream_.is_unix_socket()), settings.cors))
    return problem;
  if (fields.origin)
    append_cors_fields(common_fields_, *fields.origin, request_.dialect->headers);
  if (is_preflight(request_.method, fields))
    return nullptr; // browsers send no key with it
  if (const auto* problem = identify(fields, found.found ? found.found->allowed : access::key))
    return problem;
  const bool lenient = settings.lenient_content_type && request_.caller.usage;
  const auto body = check_body(request_.method, fields, lenient);
  coding_ = body.coding;
  return body.problem;
}

const transport_problem* connection::identify(const head_fields& fields, access needed) {
  const auto& settings = shard_->settings();
  request_.caller = {};
  retry_after_.reset();
  if (settings.keys->empty())
    return nullptr;
  request_.caller.admin = false;
  const auto* key = settings.keys->identify(fields);
  if (!key) {
    if (needed == access::open)
      return nullptr;
    retry_after_ =
      settings.failures->failed(client_address_, settings.failures_per_minute_max, clock::now());
    return retry_after_ ? &too_many_wrong_keys : &wrong_key;
  }
  request_.caller = {.name = key->name,
                     .admin = key->admin,
                     .profile = key->profile,
                     .directories = key->directories,
                     .max_concurrent = key->max_concurrent,
                     .budget_micro_usd_per_day = key->budget_micro_usd_per_day,
                     .usage = key->usage};
  if (needed == access::admin && !key->admin)
    return &admin_key_needed;
  return needed == access::open ? nullptr : count_request(*key);
}

const transport_problem* connection::count_request(const key_ring::entry& key) {
  if (key.requests_per_minute == 0)
    return nullptr;
  const auto rate = key.usage->count_request(key.requests_per_minute, clock::now());
  append_header(common_fields_, "x-ratelimit-limit-requests",
                std::to_string(key.requests_per_minute));
  append_header(common_fields_, "x-ratelimit-remaining-requests", std::to_string(rate.left));
  retry_after_ = rate.wait;
  return rate.wait ? &key_rate_exceeded : nullptr;
}

void connection::answer_preflight() {
  if (!reader_->complete())
    keep_alive_ = false; // nobody reads its body
  phase_ = phase::working;
  deadlines_.clear(deadline::input);
  reader_.reset();
  reply({.status = 204, .content_type = {}}, {});
}

void connection::expect_body(bool wants_continue) {
  phase_ = phase::body;
  if (reader_->complete())
    return;
  body_started_ = request_.received;
  if (!body_share_.has_room_for(reader_->declared_length()))
    return refuse(bodies_full);
  if (!wants_continue || !input_.empty())
    return;
  output_ = "HTTP/1.1 100 Continue\r\n\r\n";
  output_left_from_ = 0;
  start_write(write_kind::interim);
}

void connection::refuse(const transport_problem& problem, std::string_view allow) {
  const bool body_unread = !reader_ || !reader_->complete();
  if (problem.must_close || body_unread)
    keep_alive_ = false;
  if (request_.id.empty()) // the head can't be trusted
    request_.id = request_id_for({});
  phase_ = phase::working;
  deadlines_.clear(deadline::input);
  reader_.reset();
  reply_problem(*this, problem, allow, std::exchange(retry_after_, std::nullopt));
}

/// HTTP/2 clients that begin without asking read frames, not a status.
void connection::refuse_http_2() {
  constexpr std::string_view settings{"\0\0\0\x4\0\0\0\0\0", 9}; // none
  // Nothing was worked on (stream 0); error HTTP_1_1_REQUIRED.
  constexpr std::string_view goaway{"\0\0\x8\x7\0\0\0\0\0\0\0\0\0\0\0\0\xd", 17};
  request_.id = request_id_for({});
  phase_ = phase::working;
  deadlines_.clear(deadline::input);
  keep_alive_ = false;
  note_answer(http_2_preface.status);
  output_ = settings;
  output_ += goaway;
  output_left_from_ = 0;
  start_write(write_kind::last);
}

} // namespace ccapi::http
