#pragma once
// payloads: a tenant's large pictures and system prompts, each kept once however often it is
// referred to.

#include "store/message_text.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ccapi::store {

/// For one write or one load, in a transaction of the caller's. One thread.
class tenant_payloads final : public payload_shelf {
public:
  tenant_payloads(connection& db, std::string_view tenant)
    : db_{db},
      tenant_{tenant} {}

  /// Never hands out what is not the same byte for byte, whatever its hash. 0 only if the
  /// connection has failed.
  std::int64_t keep(std::string_view bytes) override;
  /// The same object for the same number. The bytes have been checked against their hash.
  domain::result<std::shared_ptr<const std::string>> find(std::int64_t number) override;

  /// Notes that a turn refers to what keep() has given out since the last call.
  void note_uses(std::int64_t conversation, std::int64_t turn);

private:
  connection& db_;
  std::string tenant_;
  std::vector<std::int64_t> kept_;
  std::unordered_map<std::int64_t, std::shared_ptr<const std::string>> found_;
};

/// What the turns of a conversation from `first` to `last` refer to.
std::vector<std::int64_t> payloads_of(connection& db, std::string_view tenant,
                                      std::int64_t conversation, std::int64_t first,
                                      std::int64_t last);
/// Deletes those of them that no turn refers to any more.
void drop_unused(connection& db, std::string_view tenant, std::span<const std::int64_t> payloads);

} // namespace ccapi::store
