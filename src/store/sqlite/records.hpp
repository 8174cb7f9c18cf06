#pragma once
// records: conversations and turns as rows. All within a transaction of the caller's; failures are
// the connection's. One thread.

#include "domain/store/store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/payloads.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::store {

/// Where the file has a conversation: its turns belong to the number. A number is not used again
/// as long as a turn belongs to it.
struct conversation_row {
  std::int64_t number = 0;
  domain::stored_conversation about;
};

/// Nothing: there is none, or the connection has failed.
std::optional<conversation_row> find_conversation(connection& db, std::string_view tenant,
                                                  std::string_view id);
/// What is needed to remove it; its row may be damaged.
struct conversation_place {
  std::int64_t number = 0;
  bool named = false;
};
std::optional<conversation_place> number_of(connection& db, std::string_view tenant,
                                            std::string_view id);
/// Gives it its number.
void insert_conversation(connection& db, conversation_row& row);
/// All but its number, tenant and id.
void update_conversation(connection& db, const conversation_row& row);

/// A turn without what it says.
struct turn_outline {
  domain::turn_number parent = 0;
  domain::stored_state state = domain::stored_state::finished;
  std::uint64_t depth = 0;
};

std::optional<turn_outline> outline_of(connection& db, std::string_view tenant,
                                       std::int64_t conversation, domain::turn_number turn);

/// A system prompt that is large, and large pictures, go to the tenant's payloads.
void insert_turn(connection& db, std::string_view tenant, std::int64_t conversation,
                 domain::turn_number number, const domain::stored_turn& turn);

/// Nothing: the connection has failed; where the turn is missing or damaged, with that.
std::optional<domain::stored_turn> read_turn(connection& db, std::string_view tenant,
                                             std::int64_t conversation, domain::turn_number number,
                                             tenant_payloads& payloads);

/// From the first turn of the dialogue to `head`, in that order; empty if `head` is 0 or the
/// connection has failed.
std::vector<domain::turn_number> path_to(connection& db, std::string_view tenant,
                                         std::int64_t conversation, domain::turn_number head);

std::int64_t stored_time(domain::wall_time time) noexcept;
domain::wall_time wall_time_of(std::int64_t stored) noexcept;

} // namespace ccapi::store
