#include "store/sqlite/survey.hpp"

#include "json/object_writer.hpp"
#include "store/sqlite/payloads.hpp"
#include "store/sqlite/records.hpp"

#include <utility>

namespace ccapi::store {

namespace {

constexpr const char* select_names =
  "SELECT tenant, id FROM conversations INDEXED BY conversations_by_id WHERE removed = 0"
  " ORDER BY tenant, id";
constexpr const char* count_turns =
  "SELECT count(*) FROM turns WHERE tenant = ? AND conversation = ?";

class lines_writer {
public:
  lines_writer(connection& db, const conversation_name& name)
    : db_{db},
      name_{name},
      payloads_{db, name.tenant} {}

  std::string run(std::uint64_t& turns) {
    const auto row = find_conversation(db_, name_.tenant, name_.id);
    if (!row) {
      db_.fail(db_failure::damaged_row, "an index names it, and there is no such row");
      return {};
    }
    std::string lines;
    append_line(lines, row->about);
    const auto last = row->about.last;
    for (domain::turn_number number = 1; number <= last && !db_.failed(); ++number)
      take_turn(lines, row->number, number);
    check_head(*row);
    turns += static_cast<std::uint64_t>(last);
    return lines;
  }

private:
  void take_turn(std::string& lines, std::int64_t conversation, domain::turn_number number) {
    auto turn = read_turn(db_, name_.tenant, conversation, number, payloads_);
    if (!turn)
      return;
    if (turn->state == domain::stored_state::finished) {
      std::uint64_t depth = turn->messages.size();
      if (turn->parent != 0) {
        const auto parent = outline_of(db_, name_.tenant, conversation, turn->parent);
        depth += parent ? parent->depth : 0;
        if (!parent || parent->state != domain::stored_state::finished)
          db_.fail(db_failure::damaged_row, "a turn goes on behind none that is finished");
      }
      if (depth != turn->depth)
        db_.fail(db_failure::damaged_row, "a turn is not as deep as its path");
    }
    append_line(lines, turn_line{.number = number, .turn = *std::move(turn)});
  }

  void check_head(const conversation_row& row) {
    auto counter = db_(count_turns);
    counter.text(name_.tenant).number(row.number);
    if (counter.step() && counter.number() != row.about.last)
      db_.fail(db_failure::damaged_row, "turns are missing, or there are too many");
    if (row.about.head == 0)
      return;
    const auto head = outline_of(db_, name_.tenant, row.number, row.about.head);
    if (!head || head->state != domain::stored_state::finished)
      db_.fail(db_failure::damaged_row, "its head is no turn that is finished");
  }

  connection& db_;
  const conversation_name& name_;
  tenant_payloads payloads_;
};

} // namespace

std::string conversation_name::text() const {
  std::string out;
  json::object_writer object{out};
  json::append_string(object.key("tenant"), tenant);
  json::append_string(object.key("id"), id);
  object.close();
  return out;
}

std::vector<conversation_name> all_conversations(connection& db) {
  std::vector<conversation_name> names;
  auto row = db(select_names);
  while (row.step()) {
    conversation_name name;
    name.tenant = row.text();
    name.id = row.text();
    names.push_back(std::move(name));
  }
  return names;
}

std::string lines_of(connection& db, const conversation_name& name, std::uint64_t& turns,
                     std::string& flaw) {
  std::uint64_t found = 0;
  auto lines = lines_writer{db, name}.run(found);
  if (db.failed()) {
    flaw = db.failure().text;
    db.clear_failure();
    return {};
  }
  turns += found;
  return lines;
}

} // namespace ccapi::store
