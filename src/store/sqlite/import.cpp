#include "store/conversation_lines.hpp"
#include "store/sqlite/maintenance.hpp"
#include "store/sqlite/opening.hpp"
#include "store/sqlite/payloads.hpp"
#include "store/sqlite/records.hpp"
#include "store/sqlite/survey.hpp"
#include "store/sqlite/trouble_text.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace ccapi::store {

namespace {

/// Lines after which a transaction ends with the next conversation.
constexpr std::uint64_t lines_together = 500;

class importer {
public:
  importer(connection& db, std::string path, const media_checks& is_sound)
    : db_{db},
      path_{std::move(path)},
      is_sound_{is_sound} {}

  domain::result<import_report> run(std::istream& in) {
    std::string text;
    begin();
    while (flaw_.empty() && std::getline(in, text)) {
      ++line_;
      if (!text.empty())
        take(text);
    }
    if (flaw_.empty() && !ended_)
      fail("the file ends early: its last line, which says how many lines there are, is missing");
    if (flaw_.empty())
      commit();
    if (!flaw_.empty())
      return domain::error{
        .code = domain::error_code::store_unavailable, .message = flaw_, .retry_useful = false};
    return report_;
  }

private:
  void fail(const std::string& why) {
    if (!flaw_.empty())
      return;
    flaw_ = "Line " + std::to_string(line_) + ": " + why;
    if (flaw_.back() != '.')
      flaw_ += '.';
    flaw_ += committed_ == 0
               ? " Nothing has been imported."
               : " What comes before line " + std::to_string(committed_) + " has been imported.";
  }

  void begin() { together_.emplace(db_, transaction::kind::write); }

  void commit() {
    if (together_->commit())
      db_.write_back_log(sqlite_options{}.log_pages);
    if (db_.failed())
      fail(reason_text(path_, db_.failure()));
    together_.reset();
  }

  void take(std::string& text) {
    auto line = reader_.read(text);
    if (!line)
      return fail(line.error().message);
    if (ended_)
      return fail("there is something behind the last line");
    if (std::holds_alternative<header_line>(*line)) {
      if (std::exchange(begun_, true))
        fail("there is a second header");
      return;
    }
    if (!begun_)
      return fail("the first line must be the header");
    std::visit([this](auto& each) { take_line(each); }, *line);
    if (db_.failed())
      fail(reason_text(path_, db_.failure()));
  }

  void take_line(const header_line&) {}

  void take_line(domain::stored_conversation& about) {
    if (!finish_conversation())
      return;
    if (line_ - committed_ >= lines_together) {
      commit();
      committed_ = line_;
      begin();
    }
    auto found = find_conversation(db_, about.tenant, about.info.id);
    is_present_ = found.has_value();
    ++seen_.conversations;
    if (is_present_) {
      if (!is_same(found->about, about))
        return fail_other(about);
      ++report_.present;
    } else {
      found = conversation_row{.number = 0, .about = about};
      insert_conversation(db_, *found);
      ++report_.conversations;
    }
    current_ = std::move(found);
    turns_ = 0;
  }

  void take_line(turn_line& line) {
    if (!current_)
      return fail("a turn stands ahead of all conversations");
    if (line.number != turns_ + 1 || line.number > current_->about.last)
      return fail("turns must be numbered from 1 to the conversation's 'last'");
    if (!fits(line.turn))
      return;
    ++turns_;
    ++seen_.turns;
    const auto& tenant = current_->about.tenant;
    if (!is_present_) {
      insert_turn(db_, tenant, current_->number, line.number, line.turn);
      ++report_.turns;
      return;
    }
    tenant_payloads payloads{db_, tenant};
    auto stored = read_turn(db_, tenant, current_->number, line.number, payloads);
    if (stored && !is_same(turn_line{.number = line.number, .turn = *std::move(stored)}, line))
      fail_other(current_->about);
  }

  void take_line(const end_line& line) {
    if (!finish_conversation())
      return;
    ended_ = true;
    if (line != seen_)
      fail("it speaks of " + std::to_string(line.conversations) + " conversations and "
           + std::to_string(line.turns) + " turns, and there were "
           + std::to_string(seen_.conversations) + " and " + std::to_string(seen_.turns));
  }

  /// Whether a finished turn goes on behind a finished one, is as deep as it says, and shows only
  /// sound pictures and documents.
  bool fits(const domain::stored_turn& turn) {
    std::uint64_t depth = turn.messages.size();
    if (turn.parent != 0) {
      const auto parent = outline_of(db_, current_->about.tenant, current_->number, turn.parent);
      if (!parent || parent->state != domain::stored_state::finished)
        fail("the turn's parent is no finished turn");
      depth += parent ? parent->depth : 0;
    }
    if (turn.state == domain::stored_state::finished && turn.depth != depth)
      fail("the turn's depth is not that of its parent and its own messages");
    for (const auto& message : turn.messages)
      check_media(message);
    return flaw_.empty();
  }

  void check_media(const domain::message& message) {
    domain::each_image(message, [this](const domain::image_block& image) {
      if (!is_sound_.picture(image))
        fail("a picture is not what its type and hash say");
    });
    for (const auto& block : message.content)
      if (const auto* document = std::get_if<domain::document_block>(&block);
          document && !is_sound_.document(*document))
        fail("a document is not what its type and hash say");
  }

  /// All its turns have been there, and its head is one of them.
  bool finish_conversation() {
    if (!current_ || !flaw_.empty())
      return flaw_.empty();
    const auto& about = current_->about;
    if (turns_ != about.last)
      fail("turns of the conversation before are missing");
    if (about.head != 0) {
      const auto head = outline_of(db_, about.tenant, current_->number, about.head);
      if (!head || head->state != domain::stored_state::finished)
        fail("the head of the conversation before is no finished turn");
    }
    current_.reset();
    return flaw_.empty();
  }

  template <class Line>
  static bool is_same(const Line& a, const Line& b) {
    std::string left;
    std::string right;
    append_line(left, a);
    append_line(right, b);
    return left == right;
  }

  void fail_other(const domain::stored_conversation& about) {
    fail("the store has another conversation "
         + conversation_name{about.tenant, about.info.id}.text()
         + " already, and it is not overwritten");
  }

  connection& db_;
  std::string path_;
  const media_checks& is_sound_;
  line_reader reader_;
  std::optional<transaction> together_;
  std::optional<conversation_row> current_;
  bool is_present_ = false;
  domain::turn_number turns_ = 0; ///< seen of the current conversation
  end_line seen_;
  import_report report_;
  std::uint64_t line_ = 0;
  std::uint64_t committed_ =
    0; ///< the line that the current transaction began with, if not the first
  bool begun_ = false;
  bool ended_ = false;
  std::string flaw_;
};

} // namespace

domain::result<import_report> import_lines(std::istream& in, const std::string& path,
                                           const media_checks& is_sound) {
  const auto opened = open_for_writing({.path = path});
  if (!opened.db)
    return domain::error{.code = domain::error_code::store_unavailable, .message = opened.reason};
  return importer{*opened.db, opened.path, is_sound}.run(in);
}

} // namespace ccapi::store
