// Recorded turns of both CLI versions -> the events a client gets.

#include "claude/turn_mapper.hpp"
#include "recorded.hpp"

#include <algorithm>

namespace ccapi::claude {
namespace {

using test::line_feeder;
using test::recorded_lines;

struct described {
  std::string& text;

  void operator()(const domain::turn_accepted&) const { text += "accepted"; }
  void operator()(const domain::turn_placed&) const { text += "placed"; }
  void operator()(const domain::question_sent&) const { text += "asked"; }
  void operator()(const domain::answer_started& what) const { text += "started " + what.model; }
  void operator()(const domain::text_delta& what) const { text += "text " + what.text; }
  void operator()(const domain::reasoning_delta& what) const { text += "thinks " + what.text; }
  void operator()(const domain::tool_call_started& what) const {
    text += "call " + std::to_string(what.index) + ' ' + what.id + ' ' + what.name;
  }
  void operator()(const domain::tool_input_delta& what) const {
    text += "input " + std::to_string(what.index) + ' ' + what.json;
  }
  void operator()(const domain::turn_finished& what) const {
    constexpr std::string_view reasons[] = {"stop", "length", "content_filter", "tool_calls"};
    const auto& usage = what.usage;
    text += "finished ";
    text += reasons[static_cast<std::size_t>(what.reason)];
    for (const auto count : {usage.input_tokens, usage.cache_write_tokens, usage.cache_read_tokens,
                             usage.output_tokens})
      text += ' ' + std::to_string(count);
    text += ' ' + what.model;
  }
  void operator()(const domain::turn_failed& what) const {
    text += "failed " + std::string{domain::to_string(what.failure.code)}
            + (what.failure.retry_useful ? " retry: " : ": ") + what.failure.message;
  }
};

/// Neighbouring deltas of one kind are joined: how they were cut is the API's matter.
std::string describe(const std::vector<domain::event>& events) {
  std::vector<domain::event> joined;
  for (const auto& event : events) {
    const auto* text = std::get_if<domain::text_delta>(&event);
    auto* last = joined.empty() ? nullptr : std::get_if<domain::text_delta>(&joined.back());
    if (text != nullptr && last != nullptr)
      last->text += text->text;
    else
      joined.push_back(event);
  }
  std::string description;
  for (const auto& event : joined) {
    description += description.empty() ? "" : " | ";
    std::visit(described{description}, event);
  }
  return description;
}

struct recorded_turn {
  std::string file;
  std::string events;
  bool reusable = false;
  bool interrupted = false; ///< the mapper asked for an interrupt before the result came
  bool over = true;
};

void PrintTo(const recorded_turn& turn, std::ostream* out) {
  *out << turn.file;
}

class recorded_turns : public testing::TestWithParam<recorded_turn> {};

TEST_P(recorded_turns, become_the_events_a_client_expects) {
  const auto& expected = GetParam();
  line_feeder feed;
  turn_mapper mapper{[] { return std::chrono::system_clock::time_point{}; }};
  std::vector<domain::event> events;
  bool interrupt_wanted = false;
  for (const auto& line : recorded_lines(expected.file)) {
    const auto decoded = feed(line);
    ASSERT_TRUE(std::holds_alternative<message>(decoded)) << line;
    mapper.on_message(std::get<message>(decoded), events);
    interrupt_wanted = interrupt_wanted || mapper.interrupt_wanted();
  }
  EXPECT_EQ(describe(events), expected.events);
  EXPECT_EQ(mapper.reusable(), expected.reusable);
  EXPECT_EQ(mapper.over(), expected.over);
  EXPECT_EQ(interrupt_wanted, expected.interrupted);
  const auto terminals = std::count_if(events.begin(), events.end(), domain::is_terminal);
  EXPECT_EQ(terminals, expected.over ? 1 : 0);
  EXPECT_EQ(mapper.answered(), expected.over);
  EXPECT_FALSE(mapper.interrupt_wanted()) << "nothing is left to interrupt";
  EXPECT_EQ(feed.decoder().unknown_lines(), 0U);
}

/// Turns that both versions play alike, with the model that each resolves "sonnet" to.
std::vector<recorded_turn> common_turns(const std::string& version, const std::string& model) {
  const auto started = "started " + model + " | ";
  const auto hello = started + "text Hello from mock. | ";
  const auto stopped = "finished stop 11 22 33 44 " + model;
  const std::string too_long =
    "failed context_length_exceeded: The messages do not fit into the model's context window.";
  const std::string says = " The Messages API says: ";
  const std::string auth =
    "failed upstream_auth: The Claude CLI is not logged in or its credential "
    "was refused. Run `claude` once on the host and log in, or set "
    "ANTHROPIC_API_KEY.";
  const std::string overloaded =
    "failed overloaded retry: The Messages API is overloaded. Try again soon.";
  std::vector<recorded_turn> turns{
    {"ok", hello + stopped, true},
    {"stopseq", hello + stopped, true},
    {"think", started + "thinks Let me  | thinks think. | text Hello from mock. | " + stopped,
     true},
    {"err429once", hello + stopped, true},
    {"err429", "failed rate_limited retry: The rate limit of the Claude account is exhausted."
                 + says + "mock error 429"},
    {"err429far",
     "failed rate_limited: The rate limit of the Claude account is exhausted." + says + "far away"},
    {"err529", overloaded},
    {"err500",
     "failed upstream_error: The Messages API failed (status 500)." + says + "mock error 500."},
    {"err400", "failed invalid_request: mock error 400"},
    {"err400long", too_long + says + "the request is ~210000 tokens (limit 200000)."},
    {"err400ctx", too_long},
    {"err400credit", "failed insufficient_quota: Credit balance is too low"},
    {"err400extra", "failed insufficient_quota: Third-party apps now draw from your extra usage. "
                    "Add more"},
    {"err401", auth + says + "mock error 401"},
    {"err403", auth + says + "mock error 403"},
    {"err404", "failed model_not_found: There's an issue with the selected model (" + model
                 + "). It may not exist or you may not have access to it."},
    {"err413", "failed request_too_large: The request is larger than the Messages API accepts."},
    {"nokey", auth},
    {"refused", "failed upstream_error retry: The Messages API could not be reached."},
    {"drop0fallback", hello + stopped, true},
    {"maxtok", started + "text partial text | finished length 11 22 33 44 " + model, false, true},
    {"maxtok-interrupt", started + "text partial text | finished length 11 22 33 44 " + model,
     false, true},
    {"refusal", hello + "finished content_filter 11 22 33 44 " + model},
    {"refusal-silent", started + "finished content_filter 11 22 33 44 " + model},
    {"interrupt", started
                    + "text word0 word1 word2 word3  | failed cancelled: The turn was "
                      "interrupted."},
    {"slash", "failed upstream_error: The Claude CLI ended the turn without asking the model."},
    {"slash-clear",
     "failed upstream_error: The Claude CLI ended the turn without asking the model."},
  };
  for (auto& turn : turns)
    turn.file = version + '-' + turn.file;
  return turns;
}

const std::string lost = "failed upstream_error: The connection to the Messages API was lost.";
const std::string cut_off =
  "failed upstream_error: The answer was cut off upstream and cannot be continued.";

INSTANTIATE_TEST_SUITE_P(version_2_1_197, recorded_turns,
                         testing::ValuesIn(common_turns("2.1.197", "claude-sonnet-5")));
INSTANTIATE_TEST_SUITE_P(version_2_1_330, recorded_turns,
                         testing::ValuesIn(common_turns("2.1.330", "claude-sonnet-5-5")));
INSTANTIATE_TEST_SUITE_P(
  only_2_1_197, recorded_turns,
  testing::Values(
    recorded_turn{"2.1.197-drop", "started claude-sonnet-5 | text one two  | " + lost},
    recorded_turn{"2.1.197-drop0", "started claude-sonnet-5 | " + lost},
    recorded_turn{"2.1.197-drop-fallback", "started claude-sonnet-5 | text one two  | " + cut_off,
                  false, true},
    recorded_turn{"2.1.197-sseerr", "started claude-sonnet-5 | text one two  | failed overloaded: "
                                    "The Messages API is overloaded. Try again soon."},
    recorded_turn{"2.1.197-refusal-retry",
                  "started claude-sonnet-5 | text Hello from mock. | finished content_filter 11 22 "
                  "33 44 claude-sonnet-5"},
    recorded_turn{"2.1.197-drop0once", "started claude-sonnet-5 | " + lost},
    recorded_turn{"2.1.197-slash-unknown",
                  "failed upstream_error: The Claude CLI ended the turn without asking the model."},
    recorded_turn{"2.1.197-401-retries", "", false, false, false},
    recorded_turn{"2.1.197-model-fallback", "", false, false, false},
    recorded_turn{"2.1.197-compaction", "failed context_length_exceeded: The messages do not fit "
                                        "into the model's context window."}));
INSTANTIATE_TEST_SUITE_P(
  only_2_1_330, recorded_turns,
  testing::Values(
    recorded_turn{"2.1.330-drop", "started claude-sonnet-5-5 | text one two  | " + cut_off, false,
                  true},
    recorded_turn{"2.1.330-drop-fallback", "started claude-sonnet-5-5 | text one two  | " + cut_off,
                  false, true},
    recorded_turn{"2.1.330-drop0", "started claude-sonnet-5-5 | " + lost},
    recorded_turn{"2.1.330-drop0once",
                  "started claude-sonnet-5-5 | text Hello from mock. | finished stop 11 22 33 44 "
                  "claude-sonnet-5-5",
                  true},
    recorded_turn{"2.1.330-refusal-retry",
                  "started claude-sonnet-5-5 | text Hello from mock. | finished content_filter 11 "
                  "22 33 44 claude-sonnet-5-5",
                  false, true},
    recorded_turn{"2.1.330-sseerr", "started claude-sonnet-5-5 | text one two  | failed "
                                    "overloaded: The Messages API is overloaded. Try again soon."},
    recorded_turn{"2.1.330-slash-unknown",
                  "started claude-sonnet-5-5 | text Hello from mock. | finished stop 11 22 33 44 "
                  "claude-sonnet-5-5",
                  true}));

TEST(turn_mapper, sums_the_tokens_of_all_api_calls_of_a_turn_with_tools) {
  line_feeder feed;
  turn_mapper mapper;
  std::vector<domain::event> events;
  for (const auto& line : recorded_lines("2.1.197-agent-turn"))
    mapper.on_message(std::get<message>(feed(line)), events);
  ASSERT_FALSE(events.empty());
  const auto* finished = std::get_if<domain::turn_finished>(&events.back());
  ASSERT_NE(finished, nullptr);
  EXPECT_EQ(finished->usage, (domain::usage{.input_tokens = 44,
                                            .cache_write_tokens = 88,
                                            .cache_read_tokens = 132,
                                            .output_tokens = 176,
                                            .reasoning_tokens = 0}));
  EXPECT_FALSE(mapper.reusable()) << "the history holds more messages than the answer";
}

} // namespace
} // namespace ccapi::claude
