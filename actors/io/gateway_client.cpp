#include "actors/io/gateway_client.hpp"

#include "actors/io/front_end.hpp"

#include <utility>

namespace ccapi::actors {

domain::cache_finding gateway_client::look_up(domain::chat_request& request,
                                              const domain::cache_rules& allowed) {
  return partner_.look_up(request, allowed);
}

domain::turn_id gateway_client::submit(domain::chat_request request,
                                       std::shared_ptr<domain::event_sink> sink) {
  return partner_.submit(std::move(request), std::move(sink));
}

void gateway_client::cancel(domain::turn_id turn) {
  partner_.cancel(turn);
}

void gateway_client::acknowledge(domain::turn_id turn, std::size_t bytes) {
  partner_.acknowledge(turn, bytes);
}

void gateway_client::create_conversation(
  std::string tenant, domain::new_conversation wanted,
  std::function<void(domain::result<domain::conversation_info>)> done) {
  partner_.create(std::move(tenant), std::move(wanted), std::move(done));
}

void gateway_client::list_conversations(
  domain::page_query query, std::string after,
  std::function<void(domain::result<domain::conversation_page>)> done) {
  partner_.list(std::move(query), after, std::move(done));
}

void gateway_client::show_conversation(
  domain::conversation_name name,
  std::function<void(domain::result<domain::conversation_info>)> done) {
  partner_.show(std::move(name), std::move(done));
}

void gateway_client::label_conversation(
  domain::conversation_name name, domain::conversation_labels labels,
  std::function<void(domain::result<domain::conversation_info>)> done) {
  partner_.label(std::move(name), std::move(labels), std::move(done));
}

void gateway_client::remove_conversation(
  domain::conversation_name name,
  std::function<void(domain::result<domain::conversation_info>)> done) {
  partner_.remove(std::move(name), std::move(done));
}

bool gateway_client::find_idempotency_record(
  const std::string& tenant, const std::string& key,
  std::function<void(const std::shared_ptr<const domain::idempotency_record>&)> done) {
  return partner_.find_record(tenant, key, std::move(done));
}

void gateway_client::keep_idempotency_record(domain::idempotency_record record) {
  partner_.keep_record(std::move(record));
}

const domain::health& gateway_client::current_health() const {
  return partner_.health();
}

domain::stats& gateway_client::totals() {
  return partner_.totals();
}

std::int64_t gateway_client::spent_today(std::string_view tenant) const {
  return partner_.spent_today(tenant);
}

void gateway_client::collect_stats(std::function<void(const domain::stats&)> done) {
  partner_.collect_stats(std::move(done));
}

} // namespace ccapi::actors
