// What an operator can do with a store's file: check it, carry it elsewhere.

#include "store/conversation_lines.hpp"
#include "store/sqlite/maintenance.hpp"
#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace ccapi::store {
namespace {

using domain::store_outcome;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class maintenance : public testing::Test {
protected:
  maintenance() {
    auto store = opened(path);
    for (const auto* tenant : {"", "t", "tenant \"two\""}) {
      auto first = turn_of({.id = "a", .tenant = tenant, .question = "q1"});
      first.turn.system_prompt = std::string(3000, 'p');
      put(*store, first);
      auto second = turn_of({.id = "a",
                             .tenant = tenant,
                             .expected_last = 1,
                             .parent = 1,
                             .depth = 4,
                             .seconds = 2000});
      second.turn.messages[0].content.insert(
        second.turn.messages[0].content.begin(),
        domain::tool_result_block{
          .call_id = "c",
          .parts = {domain::image_block{
            .media_type = "image/png",
            .base64 = std::make_shared<const std::string>(std::string(4000, 'A')),
            .hash = {.low = 1, .high = 2}}},
          .is_error = true});
      put(*store, second);
      auto third = turn_of({.id = "a",
                            .tenant = tenant,
                            .expected_last = 2,
                            .parent = 1,
                            .depth = 4,
                            .state = domain::stored_state::interrupted});
      third.after.info.labels = {{"k", "v"}, {"\"", "\xf0\x9f\x98\x80"}};
      put(*store, third);
      put(*store, turn_of({.id = "b", .tenant = tenant, .named = false}));
    }
    domain::put_conversation empty;
    empty.what.tenant = "t";
    empty.what.info.id = "empty";
    put(*store, empty);
  }

  static std::string exported(const std::string& from) {
    std::ostringstream out;
    const auto report = export_lines(from, out);
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->damaged, IsEmpty());
    return out.str();
  }

  static domain::result<import_report> import(const std::string& lines, const std::string& to) {
    std::istringstream in{lines};
    return import_lines(
      in, to,
      {.picture = [](const domain::image_block& image) { return *image.base64 != "broken"; },
       .document = [](const domain::document_block& each) { return *each.data != "broken"; }});
  }

  static std::vector<std::string> split(const std::string& text) {
    std::istringstream in{text};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }
  static std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines)
      text += line + "\n";
    return text;
  }

  temp_directory directory;
  std::string path = directory / "c.db";
  std::string other = directory / "other/c.db";
};

TEST_F(maintenance, carries_everything_from_one_store_to_another) {
  const auto lines = exported(path);
  EXPECT_THAT(split(lines), SizeIs(1 + 7 + 12 + 1));
  const auto report = import(lines, other);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->conversations, 7u);
  EXPECT_EQ(report->turns, 12u);
  EXPECT_EQ(report->present, 0u);
  EXPECT_EQ(exported(other), lines);
  EXPECT_TRUE(check_file(other).sound) << check_file(other).text;
  EXPECT_EQ(peek(other, "SELECT count(*) FROM payloads"), 6) << "shared again, for each tenant";
  auto store = opened(other);
  EXPECT_EQ(questions_of(*store, "t", "a"), "q1 q");
  EXPECT_EQ(store->state().conversations, 4u);
}

TEST_F(maintenance, imports_no_picture_that_is_not_what_it_says) {
  const auto picture = [](const char* base64) {
    return domain::image_block{"image/png", std::make_shared<const std::string>(base64), {}};
  };
  int number = 0;
  for (const auto* base64 : {"sound", "broken"})
    for (const bool in_result : {false, true}) {
      const auto file = directory / ("pictures" + std::to_string(++number));
      auto write = turn_of({});
      auto& content = write.turn.messages[0].content;
      if (in_result)
        content = {domain::tool_result_block{"c", {picture(base64)}, false}};
      else
        content.emplace_back(picture(base64));
      ASSERT_EQ(put(*opened(file), write), store_outcome::committed);
      const auto report = import(exported(file), file + ".new");
      const bool refused = base64 == std::string_view{"broken"};
      ASSERT_EQ(report.has_value(), !refused);
      if (refused) {
        EXPECT_THAT(report.error().message, HasSubstr("Line 3: a picture is not what"));
      }
    }
}

TEST_F(maintenance, imports_the_same_again_and_never_overwrites) {
  const auto lines = exported(path);
  ASSERT_TRUE(import(lines, other));
  const auto again = import(lines, other);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->conversations, 0u);
  EXPECT_EQ(again->present, 7u);
  put(*opened(other), turn_of({.id = "b", .expected_last = 1, .parent = 1, .depth = 4}));
  const auto refused = import(lines, other);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("Line 12: "), HasSubstr(R"({"tenant":"t","id":"b"})"),
                    HasSubstr("not overwritten")));
  auto changed = lines;
  changed.replace(changed.find("answer to q1"), 6, "ANSWER");
  EXPECT_FALSE(import(changed, path));
  EXPECT_EQ(exported(path), lines);
}

TEST_F(maintenance, reads_a_store_that_is_in_use_but_does_not_write_to_it) {
  const auto lines = exported(path);
  auto store = opened(path);
  EXPECT_EQ(exported(path), lines);
  EXPECT_TRUE(check_file(path).sound);
  const auto refused = import(lines, path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("in use by another process"));
  EXPECT_EQ(put(*store, turn_of({.id = "new"})), store_outcome::committed);
  EXPECT_NE(exported(path), lines);
}

TEST_F(maintenance, names_the_line_that_is_wrong) {
  const auto lines = split(exported(path));
  const auto refusal = [&](std::vector<std::string> changed) {
    const auto target = directory / "target.db";
    for (const auto* suffix : {"", "-wal", "-shm", "-lock"})
      ::unlink((target + suffix).c_str());
    const auto report = import(joined(changed), target);
    EXPECT_EQ(peek(target, "SELECT count(*) FROM conversations"), report ? 7 : 0);
    return report ? "none" : report.error().message;
  };
  const auto without = [&](std::size_t from, std::size_t count) {
    auto changed = lines;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(from),
                  changed.begin() + static_cast<std::ptrdiff_t>(from + count));
    return changed;
  };
  const auto with = [&](std::size_t at, const std::string& from, const std::string& to) {
    auto changed = lines;
    const auto found = changed.at(at).find(from);
    EXPECT_NE(found, std::string::npos) << from;
    changed[at].replace(found, from.size(), to);
    return changed;
  };
  EXPECT_EQ(refusal(lines), "none");
  EXPECT_THAT(refusal({}), HasSubstr("ends early"));
  EXPECT_THAT(refusal(without(0, 1)), HasSubstr("Line 1: the first line must be the header"));
  EXPECT_THAT(refusal(without(lines.size() - 1, 1)), HasSubstr("ends early"));
  EXPECT_THAT(refusal(without(1, 1)), HasSubstr("Line 2: a turn stands ahead"));
  EXPECT_THAT(refusal(without(2, 1)), HasSubstr("Line 3: turns must be numbered"));
  EXPECT_THAT(refusal(without(4, 1)), HasSubstr("Line 5: turns of the conversation before"));
  EXPECT_THAT(refusal(without(5, 2)), HasSubstr("Line 19: it speaks of 7 conversations"));
  EXPECT_THAT(refusal(with(0, "version\":1", "version\":2")), HasSubstr("newer version"));
  EXPECT_THAT(refusal(with(0, "claude-code-api", "other")), HasSubstr("Line 1: "));
  EXPECT_THAT(refusal(with(1, R"("id":"a")", R"("id":"../a")")), HasSubstr("conversation.id"));
  EXPECT_THAT(refusal(with(1, R"("head":2)", R"("head":3)")), HasSubstr("head"));
  EXPECT_THAT(refusal(with(1, R"("head":2)", R"("head":4)")), HasSubstr("conversation.head"));
  EXPECT_THAT(refusal(with(1, R"("epoch":0)", R"("epoch":-1)")), HasSubstr("conversation.epoch"));
  EXPECT_THAT(refusal(with(1, R"("named":true,)", "")), HasSubstr("conversation.named"));
  EXPECT_THAT(refusal(with(1, R"(["k","v"])", R"(["k"])")), HasSubstr("labels"));
  EXPECT_THAT(refusal(with(3, R"("parent":1)", R"("parent":2)")), HasSubstr("turn.parent"));
  EXPECT_THAT(refusal(with(3, R"("depth":4)", R"("depth":6)")),
              HasSubstr("Line 4: the turn's depth"));
  EXPECT_THAT(refusal(with(3, "finished", "done")), HasSubstr("turn.state"));
  EXPECT_THAT(refusal(with(3, R"("reason":"stop")", R"("reason":"x")")), HasSubstr("turn.reason"));
  EXPECT_THAT(refusal(with(3, R"("role":"user")", R"("role":"x")")), HasSubstr("messages[0].role"));
  EXPECT_THAT(refusal(with(3, "{", "[")), HasSubstr("Line 4: Invalid JSON"));
  auto twice = lines;
  twice.insert(twice.begin() + 1, lines[0]);
  EXPECT_THAT(refusal(twice), HasSubstr("Line 2: there is a second header"));
  auto again = lines;
  again.insert(again.end() - 1, lines.begin() + 5, lines.begin() + 7);
  EXPECT_THAT(refusal(again), HasSubstr("it speaks of"));
}

TEST_F(maintenance, keeps_what_came_before_a_bad_line_and_goes_on_when_it_is_mended) {
  std::string lines;
  append_line(lines, header_line{});
  for (int number = 0; number < 700; ++number) {
    auto about = turn_of({.id = "c" + std::to_string(number)});
    about.after.last = 1;
    about.after.head = 1;
    append_line(lines, about.after);
    append_line(lines, turn_line{.number = 1, .turn = about.turn});
  }
  auto bad = lines;
  append_line(lines, end_line{.conversations = 700, .turns = 700});
  bad += "nonsense\n";
  const auto refused = import(bad, other);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("Line 1402: "), HasSubstr("before line 1000 has been imported")));
  const auto report = import(lines, other);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->present, 499u);
  EXPECT_EQ(report->conversations, 201u);
  EXPECT_EQ(exported(other).size(), lines.size());
}

TEST_F(maintenance, checks_what_is_in_a_file) {
  const auto report = check_file(path);
  EXPECT_TRUE(report.sound);
  EXPECT_THAT(report.text, AllOf(HasSubstr("conversations: 7\n"), HasSubstr("turns: 12\n"),
                                 HasSubstr("payloads: 6\n"), HasSubstr("is sound.")));
}

TEST_F(maintenance, finds_flaws_and_exports_the_rest) {
  const auto lines = split(exported(path));
  meddle(path, "UPDATE turns SET messages = '[]' WHERE tenant = 't' AND seq = 2;"
               "PRAGMA foreign_keys = OFF;"
               "DELETE FROM turns WHERE tenant = '' AND seq = 3");
  const auto report = check_file(path);
  EXPECT_FALSE(report.sound);
  EXPECT_THAT(report.text, AllOf(HasSubstr(R"({"tenant":"t","id":"a"}: a turn's row)"),
                                 HasSubstr(R"({"tenant":"","id":"a"}: a turn is missing)"),
                                 HasSubstr("is damaged.")));
  std::ostringstream out;
  const auto rest = export_lines(path, out);
  ASSERT_TRUE(rest);
  EXPECT_THAT(rest->damaged, SizeIs(2));
  EXPECT_EQ(rest->conversations, 5u);
  ASSERT_TRUE(import(out.str(), other));
}

TEST_F(maintenance, says_why_a_file_can_not_be_read) {
  EXPECT_THAT(check_file(directory / "none.db").text, HasSubstr("can't be read"));
  EXPECT_FALSE(check_file(directory / "none.db").sound);
  meddle(path, "PRAGMA user_version = 9999");
  EXPECT_THAT(check_file(path).text, HasSubstr("newer version"));
  std::ostringstream out;
  EXPECT_FALSE(export_lines(path, out));
  EXPECT_EQ(out.str(), "");
}

TEST_F(maintenance, says_that_the_lines_could_not_be_written) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  EXPECT_FALSE(export_lines(path, out));
}

} // namespace
} // namespace ccapi::store
