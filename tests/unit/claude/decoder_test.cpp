#include "claude/decoder.hpp"
#include "recorded.hpp"

#include <set>

namespace ccapi::claude {
namespace {

using test::decode_as;
using test::line_feeder;
using test::recorded_lines;

TEST(decoder, key_order_does_not_matter) {
  line_feeder feed;
  const auto line = decode_as<result>(
    feed, R"({"usage":{"output_tokens":4,"input_tokens":1},"result":"Hi","is_error":false,)"
          R"("subtype":"success","type":"result"})");
  EXPECT_EQ(line.text, "Hi");
  EXPECT_EQ(line.usage.input, 1);
  EXPECT_EQ(line.usage.output, 4);
  EXPECT_EQ(line.usage.cache_read, std::nullopt);
}

TEST(decoder, reads_a_whole_result) {
  line_feeder feed;
  const auto line = decode_as<result>(
    feed,
    R"({"type":"result","subtype":"error_during_execution","is_error":true,"api_error_status":529,)"
    R"("api_error_type":"overloaded_error","api_error":"connection_failed","num_turns":2,)"
    R"("stop_reason":null,"terminal_reason":"api_error","errors":["one",7,"two"],)"
    R"("safety_stops":1,"session_id":"s","usage":{"input_tokens":1,)"
    R"("cache_creation_input_tokens":2,"cache_read_input_tokens":3,"output_tokens":4,)"
    R"("output_tokens_details":{"thinking_tokens":5}}})");
  EXPECT_TRUE(line.is_error);
  EXPECT_EQ(line.subtype, "error_during_execution");
  EXPECT_EQ(line.api_error_status, 529);
  EXPECT_EQ(line.api_error_type, "overloaded_error");
  EXPECT_EQ(line.api_error, "connection_failed");
  EXPECT_EQ(line.stop_reason, "");
  EXPECT_EQ(line.terminal_reason, "api_error");
  EXPECT_EQ(line.errors, (std::vector<std::string_view>{"one", "two"}));
  EXPECT_EQ(line.safety_stops, 1);
  EXPECT_EQ(line.usage.cache_write, 2);
  EXPECT_EQ(line.usage.cache_read, 3);
  EXPECT_EQ(line.usage.thinking, 5);
}

TEST(decoder, reads_the_stream_of_an_answer) {
  line_feeder feed;
  const auto start = decode_as<message_start>(
    feed, R"({"type":"stream_event","parent_tool_use_id":"toolu_1","event":{"type":)"
          R"("message_start","message":{"id":"m","model":"x","usage":{"input_tokens":11}}}})");
  EXPECT_EQ(start.id, "m");
  EXPECT_EQ(start.model, "x");
  EXPECT_EQ(start.usage.input, 11);
  EXPECT_EQ(start.parent_tool_use_id, "toolu_1");
  const auto block = decode_as<content_block_start>(
    feed,
    R"({"type":"stream_event","event":{"type":"content_block_start","index":2,)"
    R"("content_block":{"type":"tool_use","id":"t","name":"get"}},"parent_tool_use_id":null})");
  EXPECT_EQ(block.index, 2);
  EXPECT_EQ(block.kind, "tool_use");
  EXPECT_EQ(block.id, "t");
  EXPECT_EQ(block.name, "get");
  EXPECT_EQ(block.parent_tool_use_id, "");
  const auto stop = decode_as<message_delta>(
    feed, R"({"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":)"
          R"("max_tokens"},"usage":{"output_tokens":44}}})");
  EXPECT_EQ(stop.stop_reason, "max_tokens");
  EXPECT_EQ(stop.usage.output, 44);
  const auto error = decode_as<stream_error>(
    feed, R"({"type":"stream_event","event":{"type":"error","error":{"type":"overloaded_error",)"
          R"("message":"m"}}})");
  EXPECT_EQ(error.type, "overloaded_error");
  decode_as<content_block_stop>(
    feed, R"({"type":"stream_event","event":{"type":"content_block_stop","index":0}})");
  decode_as<message_stop>(feed, R"({"type":"stream_event","event":{"type":"message_stop"}})");
  decode_as<ping>(feed, R"({"type":"stream_event","event":{"type":"ping"}})");
}

TEST(decoder, tells_the_kinds_of_deltas_apart) {
  const auto delta = [](std::string_view type, std::string_view key) {
    line_feeder feed;
    auto decoded = feed(R"({"type":"stream_event","event":{"type":"content_block_delta","index":1,)"
                        R"("delta":{"type":")"
                        + std::string{type} + R"(",")" + std::string{key} + R"(":"payload"}}})");
    const auto line = std::get<content_block_delta>(std::get<message>(decoded));
    return std::pair{line.kind, std::string{line.text}};
  };
  EXPECT_EQ(delta("text_delta", "text"), (std::pair{delta_kind::text, std::string{"payload"}}));
  EXPECT_EQ(delta("thinking_delta", "thinking"),
            (std::pair{delta_kind::thinking, std::string{"payload"}}));
  EXPECT_EQ(delta("signature_delta", "signature"),
            (std::pair{delta_kind::signature, std::string{"payload"}}));
  EXPECT_EQ(delta("input_json_delta", "partial_json"),
            (std::pair{delta_kind::input_json, std::string{"payload"}}));
  EXPECT_EQ(delta("citations_delta", "citation").first, delta_kind::other);
}

TEST(decoder, joins_the_text_blocks_of_a_message) {
  line_feeder feed;
  const auto line = decode_as<assistant>(
    feed, R"({"type":"assistant","error":"unknown","message":{"id":"m","model":"<synthetic>",)"
          R"("content":[{"type":"thinking","thinking":"t"},{"type":"text","text":"one "},)"
          R"({"type":"tool_use"},{"type":"text","text":"two "},{"type":"text","text":"three"}],)"
          R"("stop_reason":"end_turn","usage":{"output_tokens":1}}})");
  EXPECT_EQ(line.text, "one two three");
  EXPECT_TRUE(line.synthetic());
  EXPECT_EQ(line.error, "unknown");
  EXPECT_EQ(line.stop_reason, "end_turn");
  EXPECT_EQ(decode_as<assistant>(
              feed, R"({"type":"assistant","message":{"content":[{"type":"text","text":"x"}]}})")
              .text,
            "x");
  EXPECT_EQ(
    decode_as<assistant>(feed, R"({"type":"assistant","message":{"content":"plain"}})").text,
    "plain");
}

TEST(decoder, reads_system_lines) {
  line_feeder feed;
  const auto init = decode_as<system_init>(
    feed, R"({"type":"system","subtype":"init","session_id":"s","model":"m[1m]",)"
          R"("claude_code_version":"2.1.330","apiKeySource":"none"})");
  EXPECT_EQ(init.model, "m[1m]");
  const auto retry = decode_as<api_retry>(
    feed, R"({"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,)"
          R"("retry_delay_ms":1093.0880111190131,"error_status":null,"error":"unknown"})");
  EXPECT_EQ(retry.delay_ms, 1093);
  EXPECT_EQ(retry.error_status, std::nullopt);
  EXPECT_EQ(retry.max_retries, 10);
  EXPECT_EQ(
    decode_as<system_status>(feed, R"({"type":"system","subtype":"status","status":null})").status,
    "");
  EXPECT_EQ(decode_as<thinking_tokens>(
              feed, R"({"type":"system","subtype":"thinking_tokens","estimated_tokens":7})")
              .estimated,
            7);
  EXPECT_EQ(decode_as<compact_boundary>(feed, R"({"type":"system","subtype":"compact_boundary",)"
                                              R"("compact_metadata":{"trigger":"auto"}})")
              .trigger,
            "auto");
  EXPECT_EQ(decode_as<model_fallback>(
              feed, R"({"type":"system","subtype":"model_fallback","fallback_model":"h"})")
              .fallback_model,
            "h");
  EXPECT_EQ(decode_as<model_refusal_no_fallback>(
              feed, R"({"type":"system","subtype":"model_refusal_no_fallback",)"
                    R"("api_refusal_category":"c"})")
              .category,
            "c");
  decode_as<model_refusal_fallback>(feed,
                                    R"({"type":"system","subtype":"model_refusal_fallback"})");
  EXPECT_EQ(decode_as<informational>(
              feed, R"({"type":"system","subtype":"informational","content":"c","level":"notice"})")
              .level,
            "notice");
  EXPECT_EQ(decode_as<session_state_changed>(
              feed, R"({"type":"system","subtype":"session_state_changed","state":"idle"})")
              .state,
            "idle");
  for (const std::string subtype : {"ui_invalidate", "background_tasks_changed", "hook_started",
                                    "task_notification", "notification", "permission_denied"})
    EXPECT_EQ(decode_as<system_note>(feed, R"({"type":"system","event":"ui.render","subtype":")"
                                             + subtype + "\"}")
                .subtype,
              subtype);
}

TEST(decoder, reads_control_lines) {
  line_feeder feed;
  const auto version = decode_as<control_response>(
    feed, R"({"type":"control_response","response":{"subtype":"success","request_id":"r",)"
          R"("response":{"version":"2.1.330","buildTime":"t"}}})");
  EXPECT_TRUE(version.ok);
  EXPECT_EQ(version.request_id, "r");
  EXPECT_EQ(version.version, "2.1.330");
  EXPECT_EQ(version.rewound, std::nullopt);
  const auto refused = decode_as<control_response>(
    feed, R"({"type":"control_response","response":{"subtype":"success","request_id":"r",)"
          R"("response":{"rewound":false,"error":"stale target"}}})");
  EXPECT_TRUE(refused.ok);
  EXPECT_EQ(refused.rewound, false);
  EXPECT_EQ(refused.error, "stale target");
  const auto error = decode_as<control_response>(
    feed, R"({"type":"control_response","response":{"subtype":"error","request_id":"r",)"
          R"("error":"Unsupported"}})");
  EXPECT_FALSE(error.ok);
  EXPECT_EQ(error.error, "Unsupported");
  const auto request = decode_as<control_request>(
    feed, R"({"type":"control_request","request_id":"c","request":{"subtype":"can_use_tool",)"
          R"("tool_name":"Bash"}})");
  EXPECT_EQ(request.request_id, "c");
  EXPECT_EQ(request.subtype, "can_use_tool");
  EXPECT_EQ(request.tool_name, "Bash");
  EXPECT_EQ(
    decode_as<control_cancel_request>(feed, R"({"type":"control_cancel_request","request_id":"c"})")
      .request_id,
    "c");
}

TEST(decoder, reads_what_the_cli_asks_a_server_of_ours) {
  line_feeder feed;
  std::vector<std::string> methods;
  for (const auto& line : recorded_lines("2.1.197-agent-turn")) {
    const auto decoded = feed(line);
    const auto* what = std::get_if<message>(&decoded);
    const auto* asked = what != nullptr ? std::get_if<control_request>(what) : nullptr;
    if (asked == nullptr || asked->subtype != "mcp_message")
      continue;
    EXPECT_EQ(asked->server, "client");
    EXPECT_EQ(asked->rpc_id.has_value(), !asked->method.starts_with("notifications/"));
    methods.emplace_back(asked->method);
    if (asked->method == "tools/call") {
      EXPECT_EQ(asked->called_tool, "get_weather");
      EXPECT_TRUE(asked->tool_use_id.starts_with("toolu_")) << asked->tool_use_id;
    }
  }
  EXPECT_NE(std::find(methods.begin(), methods.end(), "initialize"), methods.end());
  EXPECT_NE(std::find(methods.begin(), methods.end(), "tools/list"), methods.end());
  EXPECT_NE(std::find(methods.begin(), methods.end(), "tools/call"), methods.end());
}

TEST(decoder, reads_the_other_lines) {
  line_feeder feed;
  const auto limit = decode_as<rate_limit_event>(
    feed, R"({"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":)"
          R"(1800000000,"rateLimitType":"five_hour","utilization":0.5,"isUsingOverage":true}})");
  EXPECT_EQ(limit.utilization, 0.5);
  EXPECT_TRUE(limit.uses_overage);
  EXPECT_EQ(limit.status, "rejected");
  EXPECT_EQ(limit.resets_at, 1800000000);
  EXPECT_EQ(limit.kind, "five_hour");
  const auto echo =
    decode_as<user>(feed, R"({"type":"user","uuid":"u","isReplay":true,"message":{"content":[)"
                          R"({"type":"text","text":"x"},{"type":"tool_result","content":[]}]}})");
  EXPECT_EQ(echo.uuid, "u");
  EXPECT_TRUE(echo.replay);
  EXPECT_TRUE(echo.tool_result);
  static_cast<void>(decode_as<command_lifecycle>(
    feed, R"({"type":"command_lifecycle","command_uuid":"u","state":"completed"})"));
  EXPECT_EQ(
    decode_as<tool_progress>(feed, R"({"type":"tool_progress","tool_use_id":"t"})").tool_use_id,
    "t");
  EXPECT_EQ(decode_as<auth_status>(feed, R"({"type":"auth_status","error":"e"})").error, "e");
  decode_as<keep_alive>(feed, R"({"type":"keep_alive"})");
  decode_as<conversation_reset>(feed, R"({"type":"conversation_reset"})");
  decode_as<tool_use_summary>(feed, R"({"type":"tool_use_summary"})");
  decode_as<prompt_suggestion>(feed, R"({"type":"prompt_suggestion"})");
  EXPECT_EQ(feed.decoder().unknown_lines(), 0U);
}

TEST(decoder, what_it_does_not_know_is_unknown_and_counted) {
  line_feeder feed;
  EXPECT_EQ(decode_as<unknown>(feed, R"({"type":"new_thing","subtype":"a"})").type, "new_thing");
  EXPECT_EQ(decode_as<unknown>(feed, R"({"type":"system","subtype":"newer"})").subtype, "newer");
  EXPECT_EQ(decode_as<unknown>(feed, R"({"type":"stream_event","event":{"type":"x"}})").subtype,
            "x");
  decode_as<unknown>(feed, R"({})");
  decode_as<unknown>(feed, R"({"type":7})");
  decode_as<unknown>(feed, R"({"type":"stream_event","event":"ui.render"})");
  EXPECT_EQ(feed.decoder().unknown_lines(), 6U);
  EXPECT_EQ(feed.decoder().malformed_lines(), 0U);
}

TEST(decoder, what_is_no_object_is_malformed_and_counted) {
  line_feeder feed;
  const std::string_view lines[] = {"",
                                    " ",
                                    "hello",
                                    "{",
                                    "[]",
                                    "null",
                                    "\"text\"",
                                    "{\"type\":",
                                    "{} {}",
                                    "{}x",
                                    "{'a':1}",
                                    "\x1b[0m{}",
                                    "{\"a\":\"\x01\"}",
                                    "\xff\xfe"};
  for (const auto line : lines)
    EXPECT_TRUE(std::holds_alternative<malformed>(feed(line))) << line;
  EXPECT_EQ(feed.decoder().malformed_lines(), std::size(lines));
  EXPECT_TRUE(std::holds_alternative<message>(feed(R"({"type":"keep_alive"})"))) << "it goes on";
}

TEST(decoder, values_of_another_type_are_as_if_absent) {
  line_feeder feed;
  const auto line = decode_as<result>(
    feed, R"({"type":"result","subtype":5,"is_error":"yes","api_error_status":"429","usage":[],)"
          R"("errors":{},"result":["x"],"num_turns":1e300,"safety_stops":18446744073709551615})");
  EXPECT_FALSE(line.is_error);
  EXPECT_EQ(line.api_error_status, std::nullopt);
  EXPECT_EQ(line.text, "");
  decode_as<assistant>(feed, R"({"type":"assistant","message":"x"})");
  decode_as<control_response>(feed, R"({"type":"control_response","response":null})");
  decode_as<user>(feed, R"({"type":"user","message":{"content":[1,"x",null]}})");
}

TEST(decoder, token_counts_are_never_negative) {
  line_feeder feed;
  EXPECT_EQ(decode_as<result>(feed, R"({"type":"result","usage":{"input_tokens":-5}})").usage.input,
            0);
}

std::string delta_line(std::string_view text) {
  return R"({"type":"stream_event","event":{"type":"content_block_delta","index":0,)"
         R"("delta":{"type":"text_delta","text":")"
         + std::string{text} + R"("}}})";
}

TEST(decoder, text_arrives_as_valid_utf8_whatever_the_bytes) {
  const std::pair<std::string_view, std::string_view> cases[] = {
    {"caf\xc3\xa9", "caf\xc3\xa9"},
    {"caf\xc3", "caf\uFFFD"},
    {"\xff", "\uFFFD"},
    {R"(a\u0000b)", std::string_view{"a\0b", 3}},
    {"\u2028\\u2028", "\u2028\u2028"},
    {R"(\ud83d\ude00)", "\U0001F600"},
    {R"(\uD83D\uDE00)", "\U0001F600"},
    {R"(cut \ud83d here)", "cut \uFFFD here"},
    {R"(\ude00 cut)", "\uFFFD cut"},
    {R"(\ud83d\ud83d\ude00)", "\uFFFD\U0001F600"},
    {"both \\ud83d and \xc3 (", "both \uFFFD and \uFFFD ("},
    {R"(no escape: \\ud83d)", R"(no escape: \ud83d)"},
  };
  line_feeder feed;
  for (const auto& [raw, expected] : cases)
    EXPECT_EQ(decode_as<content_block_delta>(feed, delta_line(raw)).text, expected) << raw;
  EXPECT_EQ(feed.decoder().malformed_lines(), 0U);
}

TEST(decoder, answers_live_until_the_next_line) {
  claude::decoder decoder;
  std::string buffer = delta_line("kept");
  const auto size = buffer.size();
  buffer.resize(size + 64);
  auto decoded = decoder.decode({buffer.data(), size});
  buffer.assign(buffer.size(), '#'); // the pipe's buffer is used again
  EXPECT_EQ(std::get<content_block_delta>(std::get<message>(decoded)).text, "kept");
}

TEST(decoder, reads_giant_lines_between_small_ones) {
  line_feeder feed;
  const std::string giant(std::size_t{4} << 20, 'x');
  EXPECT_EQ(decode_as<content_block_delta>(feed, delta_line(giant)).text.size(), giant.size());
  EXPECT_EQ(decode_as<content_block_delta>(feed, delta_line("small")).text, "small");
  EXPECT_EQ(decode_as<content_block_delta>(feed, delta_line(giant)).text.size(), giant.size());
  feed.decoder().trim();
  EXPECT_EQ(decode_as<content_block_delta>(feed, delta_line("small")).text, "small");
}

TEST(decoder, absurd_nesting_is_malformed_not_a_crash) {
  line_feeder feed;
  const std::string deep = R"({"type":"user","x":)" + std::string(100'000, '[');
  EXPECT_TRUE(std::holds_alternative<malformed>(feed(deep)));
  const std::string balanced =
    R"({"type":"user","x":)" + std::string(2'000, '[') + std::string(2'000, ']') + '}';
  EXPECT_TRUE(std::holds_alternative<malformed>(feed(balanced)));
}

TEST(decoder, a_seeded_line_is_answered_by_an_empty_result) {
  line_feeder feed;
  const auto lines = recorded_lines("2.1.197-seeded-user");
  const auto line = decode_as<result>(feed, lines.back());
  EXPECT_FALSE(line.is_error);
  EXPECT_EQ(line.text, "");
}

TEST(decoder, reads_a_recorded_permission_request) {
  line_feeder feed;
  std::set<std::string> subtypes;
  for (const auto& text : recorded_lines("2.1.197-can-use-tool")) {
    const auto decoded = feed(text);
    if (const auto* request = std::get_if<control_request>(&std::get<message>(decoded)))
      subtypes.emplace(request->subtype);
  }
  EXPECT_EQ(subtypes, (std::set<std::string>{"can_use_tool", "mcp_message"}));
  EXPECT_EQ(feed.decoder().unknown_lines(), 0U);
}

TEST(decoder, number_beyond_all_bounds_does_not_lose_its_line) {
  decoder reader;
  for (const std::string_view number : {"18446744073709551616", "-9223372036854775809", "1E400"}) {
    const auto line = R"({"type":"system","subtype":"status","status":"requesting","x":)"
                      + std::string{number} + "}";
    EXPECT_TRUE(std::holds_alternative<message>(reader.decode(line))) << number;
  }
  EXPECT_EQ(reader.malformed_lines(), 0U);
}

} // namespace
} // namespace ccapi::claude
