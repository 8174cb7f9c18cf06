// The short way must give what the parser gives, or leave the line to it. A blank in front of a
// line means nothing in JSON but keeps it off the short way.

#include "claude/short_line.hpp"
#include "recorded.hpp"

#include <filesystem>

namespace ccapi::claude {
namespace {

using test::line_feeder;

struct seen {
  std::size_t outcome = 0;
  std::size_t kind = 0;
  std::int64_t index = 0;
  int delta = 0;
  std::string text;
  std::string parent;

  bool operator==(const seen&) const = default;
};

seen look(const decoded& what) {
  seen s;
  s.outcome = what.index();
  if (const auto* line = std::get_if<message>(&what)) {
    s.kind = line->index();
    if (const auto* delta = std::get_if<content_block_delta>(line)) {
      s.index = delta->index;
      s.delta = static_cast<int>(delta->kind);
      s.text = delta->text;
      s.parent = delta->parent_tool_use_id;
    }
    if (const auto* begun = std::get_if<content_block_start>(line)) {
      s.index = begun->index;
      s.text = begun->kind;
      s.parent = begun->parent_tool_use_id;
    }
    if (const auto* over = std::get_if<content_block_stop>(line)) {
      s.index = over->index;
      s.parent = over->parent_tool_use_id;
    }
    if (const auto* over = std::get_if<message_stop>(line))
      s.parent = over->parent_tool_use_id;
    if (const auto* status = std::get_if<system_status>(line))
      s.text = status->status;
  }
  return s;
}

void expect_same_both_ways(const std::string& line) {
  line_feeder short_way;
  line_feeder parser;
  EXPECT_EQ(look(short_way(line)), look(parser(' ' + line))) << line;
}

std::vector<std::string> recordings() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator{std::string{CCAPI_FIXTURES} + "/claude"})
    if (entry.path().extension() == ".jsonl")
      names.push_back(entry.path().stem());
  return names;
}

bool is_short(std::string_view line) {
  std::string text;
  char16_t half = 0;
  return read_short_line(line, text, half).has_value();
}

TEST(short_line, says_of_every_recorded_line_what_the_parser_says) {
  for (const auto& name : recordings())
    for (const auto& line : test::recorded_lines(name))
      expect_same_both_ways(line);
}

TEST(short_line, every_recorded_text_of_both_versions_goes_the_short_way) {
  for (const auto* name :
       {"2.1.197-ok", "2.1.330-ok", "2.1.197-think", "2.1.330-think", "2.1.332-think"}) {
    int texts = 0;
    for (const auto& line : test::recorded_lines(name))
      if (line.find(R"("type":"text_delta")") != std::string::npos) {
        EXPECT_TRUE(is_short(line)) << line;
        ++texts;
      }
    EXPECT_GT(texts, 0) << name;
  }
}

TEST(short_line, other_common_lines_that_were_recorded_go_the_short_way_too) {
  for (const auto* name : {"2.1.197-ok", "2.1.330-ok", "2.1.332-think"}) {
    for (const auto* part : {R"("content_block":{"type":"text")", R"("type":"content_block_stop")",
                             R"("type":"message_stop")", R"("status":"requesting")"}) {
      int found = 0;
      for (const auto& line : test::recorded_lines(name))
        if (line.find(part) != std::string::npos) {
          EXPECT_TRUE(is_short(line)) << line;
          ++found;
        }
      EXPECT_GT(found, 0) << name << ' ' << part;
    }
  }
  for (const auto* name : {"2.1.330-ok", "2.1.332-think"}) // older ones write none
    for (const auto& line : test::recorded_lines(name))
      EXPECT_TRUE(is_short(line) || line.find("command_lifecycle") == std::string::npos) << line;
}

const std::string head = R"({"type":"stream_event","event":{"type":"content_block_delta","index":)";

std::string with_text(std::string_view raw) {
  return head + R"(0,"delta":{"type":"text_delta","text":")" + std::string{raw}
         + R"("}},"session_id":"s-1","parent_tool_use_id":null,"uuid":"u-1"})";
}

TEST(short_line, agrees_with_the_parser_on_every_text) {
  const std::string_view texts[] = {"",
                                    "plain",
                                    R"(\n\t\"\\\/\r\b\f)",
                                    R"(\u00e9)",
                                    R"(\u0000\u001b\uffff\u07ff)",
                                    R"(\ud83dx)",
                                    R"(\ud83d\n)",
                                    R"(\ud83d\ud83d\ude00)",
                                    R"(\ude00\ud83dx)",
                                    R"(\u12)",
                                    R"(\u+123)",
                                    R"(\u12g4)",
                                    R"(\ud83d\ude00)",
                                    "\xc3\xa9",
                                    "\xf0\x9f\x98\x80",
                                    "\xc3",
                                    "a\x01z",
                                    "a\nz",
                                    R"(\x)",
                                    R"(\)",
                                    R"(a\)",
                                    R"(","x":")",
                                    R"("}})",
                                    "\x7f",
                                    "\xed\xa0\x80",
                                    R"(\\)",
                                    R"(\\")",
                                    R"(\")"};
  for (const auto text : texts)
    expect_same_both_ways(with_text(text));
}

/// What a client has of deltas with these texts, in one block.
std::string read_all(std::initializer_list<std::string_view> texts) {
  decoder lines;
  std::string all;
  for (const auto text : texts) {
    auto line = with_text(text);
    line.reserve(line.size() + 64);
    const auto read = lines.decode(line);
    if (const auto* what = std::get_if<message>(&read))
      if (const auto* delta = std::get_if<content_block_delta>(what))
        all += delta->text;
  }
  return all;
}

TEST(short_line, character_that_is_split_over_two_deltas_arrives_whole) {
  EXPECT_EQ(read_all({R"(a\ud83d)", R"(\ude00b)"}), "a\xf0\x9f\x98\x80"
                                                    "b");
  EXPECT_EQ(read_all({R"(\ud83d)", "", R"(\ude00\ud83d)", R"(\ude00)"}),
            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
}

TEST(short_line, half_a_character_is_replaced_once) {
  EXPECT_EQ(read_all({R"(\ud83d)", "x"}), "\xef\xbf\xbdx");
  EXPECT_EQ(read_all({R"(\ud83d)", R"(\n)"}), "\xef\xbf\xbd\n");
  EXPECT_EQ(read_all({"x", R"(\ude00)"}), "x\xef\xbf\xbd");
}

TEST(short_line, half_a_character_never_gets_into_the_next_block) {
  line_feeder lines;
  const auto text_of = [&](const std::string& line) { return look(lines(line)).text; };
  EXPECT_EQ(text_of(with_text(R"(\ud83d)")), "");
  lines(R"({"type":"stream_event","event":{"type":"content_block_stop","index":0}})");
  EXPECT_EQ(text_of(with_text(R"(\ude00)")), "\xef\xbf\xbd");
}

TEST(short_line, agrees_with_the_parser_on_every_index) {
  for (const auto* index : {"0", "7", "10", "01", "-1", "1.0", "1e2", "", "null", "123456789",
                            "1234567890", "99999999999999999999", "\"0\"", " 1"})
    expect_same_both_ways(
      head + index + R"(,"delta":{"type":"text_delta","text":"t"}},"parent_tool_use_id":null})");
}

TEST(short_line, agrees_with_the_parser_on_every_end) {
  const auto start = head + R"(0,"delta":{"type":"text_delta","text":"t")";
  for (const auto* rest : {"}}}",
                           "}}",
                           "}",
                           "",
                           "}}}}",
                           "}}} ",
                           "}}}x",
                           "}},}",
                           R"(}},"a":1})",
                           R"(}},"a":"b",})",
                           R"(}},"a":"b"})",
                           R"(}},"a":"b" })",
                           R"(}},"a":"b)",
                           R"(}},"a")",
                           R"(}},"a":null})",
                           R"(}},"a":"b\u0041"})",
                           R"(}},"parent_tool_use_id":"toolu_1"})",
                           R"(}},"parent_tool_use_id":nul})",
                           R"(}},"parent_tool_use_id":null)",
                           R"(}},"parent_tool_use_id":nullx})",
                           R"(}},"parent_tool_use_id":null,"parent_tool_use_id":"second"})",
                           R"(,"text":"again"}}})",
                           R"(,"more":{}}}})",
                           R"(}},"event":"other","type":"result"})"})
    expect_same_both_ways(start + rest);
}

TEST(short_line, agrees_with_the_parser_on_every_cut) {
  const auto line = with_text(R"(a\n)");
  for (std::size_t size = 0; size < line.size(); ++size)
    expect_same_both_ways(line.substr(0, size));
}

const std::string tail = R"(,"session_id":"s-1","parent_tool_use_id":null,"uuid":"u-1"})";
/// One of each kind but the deltas, as the CLI writes them.
const std::string other_lines[] = {
  R"({"type":"stream_event","event":{"type":"content_block_start","index":1,)"
  R"("content_block":{"type":"text","text":""}})"
    + tail,
  R"({"type":"stream_event","event":{"type":"content_block_stop","index":12})" + tail,
  R"({"type":"stream_event","event":{"type":"message_stop"})" + tail,
  R"({"type":"command_lifecycle","command_uuid":"0123-4567","state":"completed"})",
  R"({"type":"system","subtype":"status","status":"requesting")" + tail,
  R"({"type":"system","subtype":"status","status":"requesting","uuid":"u-1",)"
  R"("user_message_uuids":["0123-4567","89ab-cdef"]})",
};

TEST(short_line, agrees_with_the_parser_on_the_other_kinds_however_they_are_cut_or_changed) {
  for (const auto& line : other_lines) {
    EXPECT_TRUE(is_short(line)) << line;
    expect_same_both_ways(line);
    for (std::size_t at = 0; at < line.size(); ++at) {
      expect_same_both_ways(line.substr(0, at));
      for (const char other : {'"', '\\', '}', '0', '\x01', '\x80', ' '}) {
        auto changed = line;
        changed[at] = other;
        expect_same_both_ways(changed);
      }
    }
  }
}

TEST(short_line, leaves_a_subagents_text_to_the_parser) {
  EXPECT_TRUE(is_short(with_text("x")));
  auto line = with_text("x");
  line.replace(line.find("null"), 4, R"("toolu_1")");
  EXPECT_FALSE(is_short(line));
}

} // namespace
} // namespace ccapi::claude
