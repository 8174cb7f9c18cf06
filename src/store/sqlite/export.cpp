#include "store/conversation_lines.hpp"
#include "store/sqlite/maintenance.hpp"
#include "store/sqlite/opening.hpp"
#include "store/sqlite/survey.hpp"

#include <utility>

namespace ccapi::store {

domain::result<export_report> export_lines(const std::string& path, std::ostream& out) {
  const auto opened = open_for_reading(path);
  if (!opened)
    return opened.error();
  auto& db = **opened;
  const transaction view{db, transaction::kind::read};
  export_report report;
  const auto names = all_conversations(db);
  if (db.failed()) {
    report.damaged.push_back("The list of conversations ends early (" + db.failure().text
                             + "): there may be more than are named here.");
    db.clear_failure();
  }
  std::string line;
  append_line(line, header_line{});
  out << line;
  for (const auto& name : names) {
    std::string flaw;
    const auto lines = lines_of(db, name, report.turns, flaw);
    if (flaw.empty())
      ++report.conversations;
    else
      report.damaged.push_back("Conversation " + name.text() + ": " + flaw);
    out << lines;
  }
  line.clear();
  append_line(line, end_line{.conversations = report.conversations, .turns = report.turns});
  out << line << std::flush;
  if (!out)
    return domain::error{.code = domain::error_code::store_unavailable,
                         .message = "The lines could not be written: is there room for them?"};
  return report;
}

} // namespace ccapi::store
