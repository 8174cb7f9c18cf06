// The short way must give what the parser gives, or leave the line to it. A blank in front of a
// line means nothing in JSON but keeps it off the short way.

#include "claude/short_line.hpp"
#include "recorded.hpp"
#include "tests/support/described_line.hpp"

#include <algorithm>
#include <filesystem>
#include <random>

namespace ccapi::claude {
namespace {

using test::described;
using test::line_feeder;

void expect_same_both_ways(const std::string& line) {
  line_feeder short_way;
  line_feeder parser;
  EXPECT_EQ(described(short_way(line)), described(parser(' ' + line))) << line;
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
  message what;
  return short_lines{}.read(line, what);
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
    for (const auto* part :
         {R"("content_block":{"type":"text")", R"("type":"content_block_stop")",
          R"("type":"message_start")", R"("type":"message_delta")", R"("type":"message_stop")",
          R"("status":"requesting")", R"("type":"assistant")", R"("type":"result")"}) {
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

TEST(short_line, calls_of_tools_go_the_short_way) {
  for (const auto* part : {R"("type":"input_json_delta")", R"("content_block":{"type":"tool_use")",
                           R"("content":[{"type":"tool_use")"}) {
    int found = 0;
    for (const auto& line : test::recorded_lines("2.1.197-agent-turn"))
      if (line.find(part) != std::string::npos) {
        EXPECT_TRUE(is_short(line)) << line;
        ++found;
      }
    EXPECT_GT(found, 0) << part;
  }
}

TEST(short_line, agrees_with_the_parser_on_costs) {
  for (const std::string cost : {"0",
                                 "0.0",
                                 "0.0007854",
                                 "0.00000050",
                                 "0.0000015",
                                 "1.0000005",
                                 "0.10281250000000001",
                                 "12",
                                 "999999.9999999",
                                 "1000000",
                                 "1000001",
                                 "123456789012345678",
                                 "-1",
                                 "-0.5",
                                 "1e3",
                                 "1.",
                                 ".5",
                                 "00.5",
                                 "null",
                                 "\"1\"",
                                 "true",
                                 "0.1234567890123456789",
                                 "{}",
                                 "1,\"total_cost_usd\":2"})
    expect_same_both_ways(
      R"({"type":"result","subtype":"success","is_error":false,"result":"a","total_cost_usd":)"
      + cost + R"(,"stop_reason":"end_turn"})");
  EXPECT_TRUE(is_short(R"({"type":"result","subtype":"success","total_cost_usd":0.0007854})"));
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

std::string line_with_init(std::string_view model, std::string_view uuid = "u-1") {
  return R"({"type":"system","subtype":"init","cwd":"/","tools":[],"model":")" + std::string{model}
         + R"(","uuid":")" + std::string{uuid} + R"(","output_style":"default"})";
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
  const auto text_of = [&](const std::string& line) {
    return std::string{test::decode_as<content_block_delta>(lines, line).text};
  };
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
  R"({"type":"stream_event","event":{"type":"content_block_start","index":1,)"
  R"("content_block":{"type":"tool_use","id":"toolu_1","name":"n","input":{}}})"
    + tail,
  R"({"type":"stream_event","event":{"type":"content_block_stop","index":12})" + tail,
  R"({"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_1",)"
  R"("model":"claude-a","content":[],"stop_reason":null,"usage":{"input_tokens":1,)"
  R"("cache_creation_input_tokens":2,"cache_read_input_tokens":3,"output_tokens":4,"x":1.5}}})"
    + tail,
  R"({"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"end_turn",)"
  R"("stop_sequence":null},"usage":{"output_tokens":5,)"
  R"("output_tokens_details":{"thinking_tokens":2}}})"
    + tail,
  R"({"type":"assistant","message":{"id":"msg_1","model":"claude-a","content":[{"type":"text",)"
  R"("text":"a\nÃ©\u00e9"}],"stop_reason":null,"usage":{"input_tokens":1}},"error":"e")"
    + tail,
  R"({"type":"assistant","message":{"id":"msg_1","content":[{"type":"thinking",)"
  R"("thinking":"a\tb","signature":"c2ln"}]})"
    + tail,
  R"({"type":"result","subtype":"success","is_error":false,"api_error_status":null,)"
  R"("result":"a\nb","stop_reason":"end_turn","total_cost_usd":0.001,"usage":{"input_tokens":1},)"
  R"("modelUsage":{"m":{"n":[1,-2,true]}},"errors":[],"safety_stops":1)"
    + tail,
  R"({"duration_api_ms":34,"is_error":true,"stop_reason":null,"subtype":"success","type":"result")"
    + tail,
  R"({"type":"system","subtype":"thinking_tokens","estimated_tokens":7)" + tail,
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

/// Some of a line's members again, left out, or in another order; or bytes of it changed.
std::string spoilt(const std::string& line, std::minstd_rand& dice) {
  const auto below = [&](std::size_t bound) { return dice() % bound; };
  auto changed = line;
  if (below(2) == 0) {
    constexpr std::string_view bytes = "\"\\}{][,:0-.e1nux\x01\x80\xc3 ";
    changed[below(changed.size())] = bytes[below(bytes.size())];
    return changed;
  }
  const auto comma = [&](std::size_t from) { return std::min(line.find(',', from), line.size()); };
  const auto begin = comma(below(line.size()));
  const auto end = comma(std::min(begin + 1 + below(40), line.size()));
  const auto members = line.substr(begin, end - begin);
  if (below(3) == 0)
    return changed.erase(begin, members.size());
  const auto behind = comma(below(line.size()));
  return changed.insert(below(2) == 0 ? end : behind, members);
}

TEST(short_line, agrees_with_the_parser_on_recorded_lines_however_they_are_spoilt) {
  std::minstd_rand dice{1};
  for (const auto& name : recordings()) {
    line_feeder one; // which knows what came before
    for (const auto& line : test::recorded_lines(name)) {
      one(line);
      for (int round = 0; round < 50; ++round) {
        const auto other = spoilt(line, dice);
        if (other.find(R"(\ud)") != std::string::npos)
          continue; // half a character waits for the next line
        line_feeder parser;
        EXPECT_EQ(described(one(other)), described(parser(' ' + other))) << other;
      }
    }
  }
}

TEST(short_line, agrees_with_the_parser_on_lines_that_it_almost_knows) {
  const auto line = with_text("x");
  const auto known = line_with_init("claude-a");
  for (const auto& first : {line, known})
    for (std::size_t at = 0; at < first.size(); ++at)
      for (const char other : {'"', '\\', '}', '0', 'a', '\x01', '\x80', '\x7f', ' '}) {
        line_feeder one;
        line_feeder parser;
        auto changed = first;
        changed[at] = other;
        one(first);
        EXPECT_EQ(described(one(changed)), described(parser(' ' + changed))) << changed;
      }
}

TEST(short_line, session_that_begins_a_turn_again_is_known_but_for_what_differs) {
  decoder lines;
  const auto model_of = [&](std::string line) {
    line.reserve(line.size() + 64);
    const auto read = lines.decode(line);
    return std::string{std::get<system_init>(std::get<message>(read)).model};
  };
  EXPECT_EQ(model_of(line_with_init("claude-a")), "claude-a");
  EXPECT_EQ(model_of(line_with_init("claude-a")), "claude-a");
  EXPECT_EQ(model_of(line_with_init("claude-b")), "claude-b");
  EXPECT_EQ(model_of(line_with_init("claude-a", "u-2")), "claude-a");
  EXPECT_EQ(model_of(line_with_init("claude-a", "u-34")), "claude-a");
  EXPECT_EQ(model_of(line_with_init(R"(a\nb)")), "a\nb");
}

TEST(short_line, failure_at_an_events_end_is_none_that_an_answers_end_is_known_by) {
  const std::string end = R"(,"error":"e","uuid":"u-1"})";
  line_feeder one;
  line_feeder parser;
  for (const auto& line :
       {R"({"type":"stream_event","event":{"type":"message_stop"})" + end,
        R"({"type":"assistant","message":{"id":"msg_1","content":[{"type":"text","text":"a"}]})"
          + end})
    EXPECT_EQ(described(one(line)), described(parser(' ' + line))) << line;
}

TEST(short_line, leaves_a_subagents_text_to_the_parser) {
  EXPECT_TRUE(is_short(with_text("x")));
  auto line = with_text("x");
  line.replace(line.find("null"), 4, R"("toolu_1")");
  EXPECT_FALSE(is_short(line));
}

} // namespace
} // namespace ccapi::claude
