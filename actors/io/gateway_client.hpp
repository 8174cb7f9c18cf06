#pragma once
// gateway_client: the port domain::gateway, served by a front_end of the same thread.

#include "domain/turn/gateway.hpp"

namespace ccapi::actors {

class front_end;

/// Every call on the front end's I/O thread; must not outlive it.
class gateway_client final : public domain::gateway {
public:
  explicit gateway_client(front_end& partner) noexcept
    : partner_{partner} {}

  domain::cache_finding look_up(domain::chat_request& request,
                                const domain::cache_rules& allowed) override;
  domain::turn_id submit(domain::chat_request request,
                         std::shared_ptr<domain::event_sink> sink) override;
  void cancel(domain::turn_id turn) override;
  void acknowledge(domain::turn_id turn, std::size_t bytes) override;
  void
  create_conversation(std::string tenant, domain::new_conversation wanted,
                      std::function<void(domain::result<domain::conversation_info>)> done) override;
  void
  list_conversations(domain::page_query query, std::string after,
                     std::function<void(domain::result<domain::conversation_page>)> done) override;
  void
  show_conversation(domain::conversation_name name,
                    std::function<void(domain::result<domain::conversation_info>)> done) override;
  void
  label_conversation(domain::conversation_name name, domain::conversation_labels labels,
                     std::function<void(domain::result<domain::conversation_info>)> done) override;
  void
  remove_conversation(domain::conversation_name name,
                      std::function<void(domain::result<domain::conversation_info>)> done) override;
  [[nodiscard]] bool find_idempotency_record(
    const std::string& tenant, const std::string& key,
    std::function<void(const std::shared_ptr<const domain::idempotency_record>&)> done) override;
  void keep_idempotency_record(domain::idempotency_record record) override;
  [[nodiscard]] const domain::health& current_health() const override;
  [[nodiscard]] domain::stats& totals() override;
  [[nodiscard]] std::int64_t spent_today(std::string_view tenant) const override;
  void collect_stats(std::function<void(const domain::stats&)> done) override;

private:
  front_end& partner_;
};

} // namespace ccapi::actors
