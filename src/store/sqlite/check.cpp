#include "store/sqlite/idempotency_rows.hpp"
#include "store/sqlite/maintenance.hpp"
#include "store/sqlite/opening.hpp"
#include "store/sqlite/survey.hpp"
#include "store/sqlite/trouble_text.hpp"

#include <string>
#include <utility>

namespace ccapi::store {

namespace {

constexpr std::size_t flaws_shown_max = 100;
constexpr std::int64_t version_with_records = 2;

class checker {
public:
  explicit checker(connection& db)
    : db_{db} {}

  check_report run(const std::string& path) {
    const transaction view{db_, transaction::kind::read};
    check_structure();
    check_conversations();
    if (db_.integer("PRAGMA user_version") >= version_with_records) {
      const auto records = check_records(db_, [this](const std::string& what) { flaw(what); });
      text_ += "answers for Idempotency-Keys: " + std::to_string(records) + "\n";
    }
    count("payloads", "SELECT count(*) FROM payloads");
    count("bytes of payloads", "SELECT coalesce(sum(length(bytes)), 0) FROM payloads");
    count("removed conversations whose turns are still being deleted",
          "SELECT count(*) FROM conversations WHERE removed = 1");
    count("pages", "PRAGMA page_count");
    count("free pages", "PRAGMA freelist_count");
    if (flaws_ > flaws_shown_max)
      text_ += std::to_string(flaws_ - flaws_shown_max) + " more flaws\n";
    text_ += flaws_ == 0 ? path + " is sound.\n" : path + " is damaged.\n";
    return {.sound = flaws_ == 0, .text = std::move(text_)};
  }

private:
  void flaw(const std::string& what) {
    if (++flaws_ <= flaws_shown_max)
      text_ += "flaw: " + what + "\n";
  }

  /// Looks whether the last statements failed, and goes on.
  void note_failure() {
    if (!db_.failed())
      return;
    flaw(db_.failure().text);
    db_.clear_failure();
  }

  void check_structure() {
    {
      auto row = db_("PRAGMA integrity_check(100)");
      while (row.step())
        if (const auto line = row.text(); line != "ok")
          flaw(std::string{line});
    }
    note_failure();
    {
      auto row = db_("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY 1");
      while (row.step()) {
        const std::string table{row.text()};
        flaw(std::to_string(row.number()) + " rows of " + table + " belong to nothing");
      }
    }
    note_failure();
  }

  void check_conversations() {
    const auto names = all_conversations(db_);
    note_failure();
    std::uint64_t turns = 0;
    for (const auto& name : names) {
      std::string why;
      lines_of(db_, name, turns, why);
      if (!why.empty())
        flaw("conversation " + name.text() + ": " + why);
    }
    text_ += "conversations: " + std::to_string(names.size()) + "\n";
    text_ += "turns: " + std::to_string(turns) + "\n";
    const auto idle = db_.integer("SELECT count(*) FROM payloads WHERE NOT EXISTS (SELECT 1 FROM"
                                  " payload_uses WHERE payload_uses.tenant = payloads.tenant"
                                  " AND payload_uses.payload = payloads.number)");
    note_failure();
    if (idle > 0)
      flaw(std::to_string(idle) + " payloads that no turn refers to");
  }

  void count(const std::string& what, const char* statement) {
    const auto number = db_.integer(statement);
    note_failure();
    text_ += what + ": " + std::to_string(number) + "\n";
  }

  connection& db_;
  std::string text_;
  std::size_t flaws_ = 0;
};

} // namespace

check_report check_file(const std::string& path) {
  const auto db = open_for_reading(path);
  if (!db)
    return {.sound = false, .text = db.error().message + "\n"};
  return checker{**db}.run(path);
}

} // namespace ccapi::store
