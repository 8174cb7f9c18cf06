#include "standin/javascript.hpp"
#include "standin/tool_calls.hpp"

#include <gtest/gtest.h>

namespace ccapi::standin {
namespace {

using std::string;

TEST(through_javascript, keeps_the_digits_of_a_double) {
  for (const auto& [given, kept] : {std::pair{"12345678901234567890", "12345678901234567000"},
                                    {"1.10", "1.1"},
                                    {"1e400", "null"},
                                    {"-0", "0"},
                                    {"1e21", "1e+21"},
                                    {"123e18", "123000000000000000000"},
                                    {"1.5e-7", "1.5e-7"},
                                    {"0.000001", "0.000001"},
                                    {"-12.50", "-12.5"},
                                    {R"( { "a" : [ 1 , "\u00e9" ] } )", R"({"a":[1,"\u00e9"]})"}})
    EXPECT_EQ(through_javascript(given), kept);
}

TEST(through_javascript, refuses_what_is_no_json) {
  for (const auto* text :
       {"", "{", R"({"a": )", "[1,]", R"({"a"})", "01", "1.", "\"\n\"", R"("\x")", "{} {}", "nul"})
    EXPECT_FALSE(through_javascript(text)) << text;
  EXPECT_FALSE(through_javascript(string(1000, '[')));
}

class calls : public testing::Test {
protected:
  mcp_answer answer_to(const string& line, string text = {}) {
    const auto at = line.find(R"("request_id":")") + 14;
    return {.request_id = line.substr(at, line.find('"', at) - at),
            .tools = {},
            .content = text_parts(std::move(text)),
            .error = {}};
  }

  void serve(bool read_only) {
    string out;
    servers_.set(out, "r", {"s"});
    for (int step = 0; step < 3; ++step) {
      auto answer = answer_to(out.substr(out.rfind('\n', out.size() - 2) + 1));
      answer.tools = {{.name = "f", .description = {}, .schema = "{}", .read_only = read_only}};
      out.clear();
      servers_.take(out, answer);
      out = out.empty() ? "\n" : out;
    }
    EXPECT_FALSE(servers_.connecting());
  }

  string next() {
    string out;
    return calls_.next_line(out) ? out : string{};
  }

  line_writer lines_{{.version = "2.1.330",
                      .model = "m",
                      .session_id = "00000000-0000-4000-8000-000000000000",
                      .maker = "test"}};
  tool_servers servers_{lines_, {.allowed = {"mcp__s"}, .plain_names = true}};
  tool_calls calls_{lines_, servers_};
};

TEST_F(calls, that_only_read_are_open_together) {
  serve(true);
  calls_.add("a", "f", "{}");
  calls_.add("b", "f", "");
  const auto first = next();
  const auto second = next();
  EXPECT_NE(first.find(R"("claudecode/toolUseId":"a")"), string::npos);
  EXPECT_NE(second.find(R"("claudecode/toolUseId":"b")"), string::npos);
  EXPECT_EQ(next(), "");
  EXPECT_TRUE(calls_.take(answer_to(second, "two")));
  EXPECT_FALSE(calls_.take(answer_to(second, "again")));
  EXPECT_NE(next().find(R"("text":"two")"), string::npos);
  EXPECT_FALSE(calls_.finished());
  EXPECT_TRUE(calls_.take(answer_to(first)));
  EXPECT_NE(next().find("(f completed with no output)"), string::npos);
  EXPECT_TRUE(calls_.finished());
  EXPECT_EQ(calls_.take_results().front().id, "b");
}

TEST_F(calls, that_do_more_wait_for_each_other) {
  serve(false);
  calls_.add("a", "f", "{}");
  calls_.add("b", "f", "{}");
  const auto first = next();
  EXPECT_EQ(next(), "");
  calls_.take(answer_to(first, "one"));
  EXPECT_NE(next().find(R"("text":"one")"), string::npos);
  EXPECT_NE(next().find(R"("claudecode/toolUseId":"b")"), string::npos);
}

TEST_F(calls, of_what_is_not_there_are_answered_by_themselves) {
  serve(true);
  calls_.add("a", "g", "{}");
  calls_.add("b", "f", "{");
  EXPECT_NE(next().find("No such tool available: g"), string::npos);
  EXPECT_NE(next().find("could not be parsed as JSON"), string::npos);
  EXPECT_TRUE(calls_.finished());
}

TEST_F(calls, of_a_server_that_is_gone_fail) {
  serve(true);
  calls_.add("a", "f", "{}");
  next();
  string out;
  servers_.set(out, "r", {});
  calls_.close(servers_.removed());
  EXPECT_NE(next().find("Connection closed"), string::npos);
}

} // namespace
} // namespace ccapi::standin
