// Turns that begin by taking back what the process was told before.

#include "process_rig.hpp"

#include <gtest/gtest.h>

namespace ccapi::actors::test {
namespace {

class process_rewind : public process_rig {
protected:
  void two_turns(const std::string& version = "2.1.330") {
    start();
    say(cli_lines::version(cli.take_control("get_binary_version"), version));
    for (const auto* text : {"one", "two"}) {
      client asker;
      order(asker, text);
      const auto line = cli.next_line();
      uuids.push_back(field(line, "uuid"));
      say(cli_lines::answer("answer"));
      EXPECT_TRUE(asker.finished);
    }
  }
  /// The rewinds that were asked for: request id and target.
  std::pair<std::string, std::string> take_rewind() {
    const auto line = cli.next_line();
    EXPECT_EQ(field(line, "subtype"), "rewind_conversation") << line;
    return {field(line, "request_id"), field(line, "target_message_uuid")};
  }

  std::vector<std::string> uuids;
};

TEST_F(process_rewind, last_message_is_taken_back_before_the_question) {
  two_turns();
  EXPECT_EQ(ends.back().rewindable, 2U);
  rewinds = 1;
  client asker;
  order(asker, "other");
  const auto [call, target] = take_rewind();
  EXPECT_EQ(target, uuids[1]);
  EXPECT_TRUE(cli.silent()) << "nothing more until that is done";
  say(cli_lines::rewound(call));
  EXPECT_EQ(cli.take_user(), "other");
  say(cli_lines::answer("x"));
  EXPECT_EQ(asker.text, "x");
  EXPECT_EQ(ends.back().rewindable, 2U);
}

TEST_F(process_rewind, several_messages_go_in_one_piece_the_last_one_first) {
  two_turns();
  rewinds = 2;
  client asker;
  order(asker, "other", {{domain::role::user, "a"}, {domain::role::assistant, "b"}});
  const auto [first, first_target] = take_rewind();
  const auto [second, second_target] = take_rewind();
  EXPECT_EQ(first_target, uuids[1]);
  EXPECT_EQ(second_target, uuids[0]);
  say(cli_lines::rewound(first));
  EXPECT_TRUE(cli.silent());
  say(cli_lines::rewound(second));
  EXPECT_EQ(cli.take_user(true), "a");
}

TEST_F(process_rewind, refused_rewind_gives_the_turn_back_untouched) {
  two_turns();
  rewinds = 1;
  client asker;
  order(asker, "other");
  say(cli_lines::rewound(take_rewind().first, false));
  EXPECT_EQ(ends.back().outcome, turn_outcome::not_started);
  EXPECT_FALSE(ends.back().reusable);
  EXPECT_EQ(asker.events, 0U);
  EXPECT_TRUE(cli.input_closed());
}

TEST_F(process_rewind, older_version_keeps_its_first_message) {
  two_turns("2.1.197");
  EXPECT_EQ(ends.back().rewindable, 1U);
}

TEST_F(process_rewind, client_that_leaves_meanwhile_costs_the_process) {
  two_turns();
  rewinds = 1;
  client asker;
  cancel(order(asker, "other"));
  EXPECT_EQ(ends.back().outcome, turn_outcome::cancelled);
  EXPECT_TRUE(cli.input_closed());
}

} // namespace
} // namespace ccapi::actors::test
