// Every combination of what a client may ask for, settled and sent as the CLI sends it, against the
// rules of the Messages API: nothing is refused.

#include "claude/encoder.hpp"
#include "domain/models/turn_settings.hpp"
#include "support/api_rules/cli_request.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace ccapi;
namespace bj = boost::json;

constexpr const char* models[] = {"claude-opus-5-5",   "claude-sonnet-5-5", "claude-haiku-5-5",
                                  "claude-fable-5-2",  "claude-opus-5",     "claude-sonnet-5",
                                  "claude-fable-5",    "claude-opus-4-8",   "claude-opus-4-7",
                                  "claude-opus-4-6",   "claude-sonnet-4-6", "claude-opus-4-5",
                                  "claude-sonnet-4-5", "claude-haiku-4-5",  "claude-sonnet-7"};

template <class Wish, class Value>
std::vector<domain::chat_request> with_each(const std::vector<domain::chat_request>& wishes,
                                            Wish wish, const std::vector<Value>& values) {
  std::vector<domain::chat_request> made = wishes;
  for (const auto& each : wishes)
    for (const auto& value : values) {
      made.push_back(each);
      wish(made.back()) = value;
    }
  return made;
}

std::vector<domain::chat_request> all_wishes() {
  using domain::reasoning_effort;
  std::vector<domain::chat_request> wishes(1);
  wishes = with_each(
    wishes, [](auto& wish) -> auto& { return wish.sampling.temperature; },
    std::vector<double>{0, 0.2, 1, 1.4, 2});
  wishes = with_each(
    wishes, [](auto& wish) -> auto& { return wish.sampling.top_p; },
    std::vector<double>{0, 0.5, 0.97, 1});
  wishes = with_each(
    wishes, [](auto& wish) -> auto& { return wish.sampling.max_tokens; },
    std::vector<std::int64_t>{1, 40, 1024, 4096, 31999, 32000, 64000, 1'000'000'000});
  wishes = with_each(
    wishes, [](auto& wish) -> auto& { return wish.sampling.stop; },
    std::vector<std::vector<std::string>>{{"\n", "END"}});
  return with_each(
    wishes, [](auto& wish) -> auto& { return wish.reasoning; },
    std::vector<reasoning_effort>{reasoning_effort::none, reasoning_effort::minimal,
                                  reasoning_effort::medium, reasoning_effort::high,
                                  reasoning_effort::xhigh, reasoning_effort::max});
}

/// The settings as the encoder writes them.
api_rules::request sent(const char* model, const domain::turn_settings& settings, bool newer) {
  std::string line;
  claude::apply_settings(line, "r", settings);
  const auto written = bj::parse(line).at("request").at("settings");
  api_rules::cli_state state;
  state.model = model;
  state.newer = newer;
  state.messages = {{"user", "x"}};
  const auto body = bj::value_to<std::string>(written.at("env").at("CLAUDE_CODE_EXTRA_BODY"));
  if (!body.empty())
    state.extra_body = bj::parse(body).as_object();
  std::string effort;
  if (const auto* level = written.at("effortLevel").if_string())
    effort = *level;
  state.effort = effort;
  return api_rules::compose(state);
}

class settled_turns : public testing::TestWithParam<const char*> {};

TEST_P(settled_turns, are_never_refused) {
  const api_rules::rule_book rules{api_rules::default_file()};
  const auto& traits = domain::traits_of(GetParam());
  std::vector<domain::turn_settings> seen; // most wishes end in the same few settings
  for (const auto unasked : {domain::thinking_default::as_cli, domain::thinking_default::off})
    for (const auto& wish : all_wishes()) {
      const auto settled = domain::settle(wish, traits, {}, unasked);
      if (std::find(seen.begin(), seen.end(), settled.settings) != seen.end())
        continue;
      seen.push_back(settled.settings);
      for (const bool newer : {false, true}) {
        const auto request = sent(GetParam(), settled.settings, newer);
        const auto refusal = rules.check(request);
        ASSERT_FALSE(refusal) << refusal->rule << ": " << refusal->text << "\n"
                              << bj::serialize(request.body);
      }
    }
  EXPECT_GT(seen.size(), 10U);
}

INSTANTIATE_TEST_SUITE_P(models, settled_turns, testing::ValuesIn(models), [](const auto& tried) {
  std::string name{tried.param};
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

} // namespace
