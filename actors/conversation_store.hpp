#pragma once
// conversation_store: the actor in front of the store. Blocks while the disk works, so it has a
// thread of its own.

#include "actors/interfaces.hpp"
#include "actors/messages.hpp"
#include "config/settings.hpp"
#include "domain/store/store.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace ccapi::actors {

/// The parts of the settings that the store goes by.
domain::retention retention_of(const config::settings& given);

struct conversation_store_options {
  std::unique_ptr<domain::store> store; ///< never null
  domain::retention keep;
  std::chrono::milliseconds commit_timeout{};
  supervisor_actor supervisor; ///< hears how the store fares
};

/// Writes that come in while a transaction runs share the next one: the busier, the cheaper.
class conversation_store_state {
public:
  static inline const char* name = "conversation_store";

  conversation_store_state(conversation_store_actor::pointer self,
                           conversation_store_options options);
  ~conversation_store_state();
  conversation_store_state(const conversation_store_state&) = delete;
  conversation_store_state& operator=(const conversation_store_state&) = delete;

  caf::typed_response_promise<stored_outcome> on_write(write_stored& what);
  void on_flush();
  loaded_reply on_load(const load_stored& what);
  stored_reply on_show(const show_stored& what);
  stored_reply on_label(const label_stored& what);
  stored_page_reply on_list(const list_stored& what);
  idempotency_record_reply on_find_record(const find_idempotency_record& what);
  void on_settings_changed(const settings_changed& what);
  void on_tick();
  [[nodiscard]] domain::stats figures() const;

private:
  /// Tells the supervisor if it fares otherwise than it was told last.
  void report();
  domain::store_outcome write_one(domain::store_write what);

  conversation_store_actor::pointer self_;
  conversation_store_options options_;
  std::vector<domain::store_write> writes_; ///< that wait for the next transaction
  std::vector<caf::typed_response_promise<stored_outcome>> answers_;
  std::vector<domain::store_backlog::place> places_; ///< of them, until they are written
  std::string reported_;
  bool report_anyway_ = false; ///< others may have reported that it does not answer
};

/// The actor. Spawn it detached; holds the state above.
conversation_store_actor::behavior_type conversation_store(
  conversation_store_actor::stateful_pointer<std::unique_ptr<conversation_store_state>> self,
  conversation_store_options options);

} // namespace ccapi::actors
