// Answers that are kept for equal requests, and runs that such requests share.

#include "gateway_rig.hpp"

#include <string>

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::cache_rules;
using domain::cache_use;

class response_cache_test : public gateway_rig {
protected:
  static domain::chat_request cold(const std::string& query) {
    auto made = request("", query);
    made.conversation_id.reset();
    made.sampling.temperature = 0;
    return made;
  }
  domain::cache_finding look_up(domain::chat_request& what, const cache_rules& allowed = {},
                                std::size_t thread = 0) {
    return gateway(thread).look_up(what, allowed);
  }
  cache_use use_of(domain::chat_request what, const cache_rules& allowed = {},
                   std::size_t thread = 0) {
    return look_up(what, allowed, thread).use;
  }
  /// As HTTP does it, where there is no hit.
  domain::turn_id ask(client& from, domain::chat_request what, const cache_rules& allowed = {},
                      std::size_t thread = 0) {
    EXPECT_NE(look_up(what, allowed, thread).use, cache_use::hit);
    return submit(from, std::move(what), thread);
  }
  domain::turn_id ask(client& from, const std::string& query) { return ask(from, cold(query)); }
  /// Asks and answers; the answer is kept afterwards.
  void learn(const std::string& query, const std::string& answer) {
    client asker;
    const auto known = children.size();
    ask(asker, query);
    if (children.size() > known)
      first_turn(known, query, answer);
    else
      next_turn(known - 1, query, answer);
    EXPECT_EQ(asker.text, answer);
  }
};

TEST_F(response_cache_test, an_equal_request_gets_the_answer_without_a_turn) {
  start();
  learn("q", "An answer");
  world.advance(90s);
  auto again = cold("q");
  const auto found = look_up(again);
  ASSERT_EQ(found.use, cache_use::hit);
  EXPECT_EQ(found.answer->text, "An answer");
  EXPECT_FALSE(found.answer->model.empty());
  EXPECT_GT(found.answer->usage.output_tokens, 0);
  EXPECT_EQ(found.age, 90s);
  const auto now = figures();
  EXPECT_EQ(now.cache_hits, 1U);
  EXPECT_EQ(now.cache_misses, 1U);
  EXPECT_EQ(now.cache_entries, 1U);
  EXPECT_GT(now.cache_bytes, 0U);
  EXPECT_EQ(now.turns_submitted, 1U);
  EXPECT_EQ(now.turns_finished, 1U);
}

TEST_F(response_cache_test, another_request_does_not) {
  start();
  learn("q", "a");
  EXPECT_EQ(use_of(cold("Q")), cache_use::miss);
  auto other = cold("q");
  other.tenant = "bob";
  EXPECT_EQ(use_of(other), cache_use::miss);
  auto plain = cold("q");
  plain.sampling.temperature = 1;
  EXPECT_EQ(look_up(plain).use, cache_use::bypass);
  EXPECT_FALSE(plain.cache_key) << "nothing is computed for it";
}

TEST_F(response_cache_test, equal_requests_at_a_time_share_one_run) {
  start();
  client one;
  client two;
  client three;
  ask(one, "q");
  ask(two, "q");
  ASSERT_EQ(children.size(), 1U);
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  say(0, cli_lines::message_start() + cli_lines::text("Hel"));
  EXPECT_EQ(two.text, "Hel");
  ask(three, "q");
  EXPECT_EQ(three.text, "Hel") << "from the beginning";
  EXPECT_EQ(figures().turns_active, 3U);
  EXPECT_EQ(figures().processes_busy, 1U);
  say(0, cli_lines::text("lo") + cli_lines::message_delta() + cli_lines::result());
  for (const auto* each : {&one, &two, &three}) {
    EXPECT_EQ(each->text, "Hello");
    EXPECT_TRUE(each->finished);
    EXPECT_TRUE(each->placed);
    EXPECT_TRUE(each->sink.expired());
  }
  EXPECT_FALSE(one.conversation.empty());
  EXPECT_TRUE(two.conversation.empty()) << "they would meet in it";
  const auto now = figures();
  EXPECT_EQ(now.turns_finished, 3U);
  EXPECT_EQ(now.cache_shared, 2U);
  EXPECT_EQ(now.cache_entries, 1U);
  EXPECT_EQ(children.size(), 1U);
}

TEST_F(response_cache_test, one_that_leaves_ends_nothing_for_the_others_and_the_last_one_all) {
  start();
  client one;
  client two;
  const auto first = ask(one, "q");
  const auto second = ask(two, "q");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  say(0, cli_lines::message_start() + cli_lines::text("Hel"));
  cancel(first);
  EXPECT_TRUE(one.sink.expired());
  EXPECT_TRUE(cli(0).silent()) << "the run goes on";
  say(0, cli_lines::text("lo"));
  EXPECT_EQ(two.text, "Hello");
  cancel(second);
  cli(0).take_control("interrupt");
  client late;
  ask(late, "q");
  EXPECT_FALSE(late.over()) << "it has a run of its own";
  EXPECT_EQ(figures().cache_shared, 1U);
  EXPECT_EQ(figures().turns_cancelled, 2U);
}

TEST_F(response_cache_test, all_share_a_failure_and_it_is_not_kept) {
  settings.retry.attempts = 0;
  start();
  client one;
  client two;
  ask(one, "q");
  ask(two, "q");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  say(0, cli_lines::message_start() + cli_lines::text("Hel"));
  reap(0);
  EXPECT_TRUE(one.failed && two.failed);
  EXPECT_EQ(use_of(cold("q")), cache_use::miss);
  EXPECT_EQ(figures().turns_failed, 2U);
}

TEST_F(response_cache_test, an_answer_is_kept_for_its_time) {
  settings.cache.ttl_seconds = 100;
  start();
  learn("q", "a");
  world.advance(100s);
  EXPECT_EQ(use_of(cold("q")), cache_use::hit);
  world.advance(1s);
  EXPECT_EQ(use_of(cold("q")), cache_use::miss);
  EXPECT_EQ(figures().cache_entries, 0U);
}

TEST_F(response_cache_test, the_client_decides_how_old_an_answer_may_be) {
  start();
  learn("q", "a");
  world.advance(10s);
  EXPECT_EQ(use_of(cold("q"), {.age_max = 10s}), cache_use::hit);
  EXPECT_EQ(use_of(cold("q"), {.age_max = 9s}), cache_use::miss);
  client asker;
  ask(asker, cold("q"), {.age_max = 9s});
  EXPECT_FALSE(asker.over()) << "the old answer is no answer to it";
}

TEST_F(response_cache_test, a_client_can_want_a_new_answer_and_that_one_is_kept) {
  start();
  learn("q", "old");
  client one;
  client two;
  const cache_rules anew{.read = false};
  EXPECT_EQ(use_of(cold("q"), anew), cache_use::bypass);
  ask(one, cold("q"), anew);
  ask(two, cold("q"), anew);
  EXPECT_EQ(figures().processes_busy, 2U) << "each a run of its own";
  for (std::size_t which = 1; which < children.size(); ++which)
    cli(which).boot();
  world.pump();
  for (std::size_t which = 0; which < children.size(); ++which)
    if (!cli(which).silent())
      next_turn(which, "q", "new");
  EXPECT_EQ(one.text, "new");
  EXPECT_EQ(two.text, "new");
  auto again = cold("q");
  EXPECT_EQ(look_up(again).answer->text, "new");
}

TEST_F(response_cache_test, a_client_can_want_no_part_in_it) {
  start();
  auto what = cold("q");
  EXPECT_EQ(look_up(what, {.read = false, .keep = false}).use, cache_use::bypass);
  EXPECT_FALSE(what.cache_key);
}

TEST_F(response_cache_test, settings_hold_from_the_next_request_on) {
  start();
  learn("q", "a");
  settings.cache.enabled = false;
  reconfigure();
  EXPECT_EQ(use_of(cold("q")), cache_use::off);
  EXPECT_EQ(figures().cache_entries, 0U);
  settings.cache.enabled = true;
  settings.cache.scope = config::cache_scope::all;
  reconfigure();
  EXPECT_EQ(use_of(cold("q")), cache_use::miss);
  auto plain = cold("q");
  plain.sampling.temperature.reset();
  EXPECT_EQ(use_of(plain), cache_use::miss);
  plain.conversation_id = "c";
  EXPECT_EQ(use_of(plain), cache_use::bypass);
}

TEST_F(response_cache_test, a_slow_client_does_not_hold_the_others_back) {
  settings.limits.stream_buffer_bytes = 4000;
  start();
  client fast;
  client slow;
  const auto fast_turn = ask(fast, "q");
  const auto slow_turn = ask(slow, "q");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  std::string lines = cli_lines::message_start();
  for (int i = 0; i < 100; ++i)
    lines += cli_lines::text(std::string(1000, 'x'));
  lines += cli_lines::message_delta() + cli_lines::result();
  auto left = std::string_view{lines};
  const auto feed = [&] {
    left.remove_prefix(cli(0).say(left));
    world.pump();
  };
  for (int i = 0; i < 10; ++i)
    feed();
  EXPECT_EQ(fast.text.size(), 4000U) << "the run waits for the fastest";
  std::size_t taken = 0;
  for (int rounds = 0; rounds < 1000 && !fast.over(); ++rounds) {
    gateway().acknowledge(fast_turn, fast.text.size() - taken);
    taken = fast.text.size();
    feed();
  }
  EXPECT_EQ(fast.text.size(), 100'000U);
  EXPECT_EQ(slow.text.size(), 4000U);
  EXPECT_EQ(use_of(cold("q")), cache_use::hit) << "it need not wait for the slow one either";
  taken = 0;
  for (int rounds = 0; rounds < 1000 && !slow.over(); ++rounds) {
    gateway().acknowledge(slow_turn, slow.text.size() - taken);
    taken = slow.text.size();
    world.pump();
    ASSERT_LE(slow.text.size(), taken + 8000);
  }
  EXPECT_EQ(slow.text, fast.text);
  EXPECT_TRUE(slow.finished);
}

TEST_F(response_cache_test, a_long_answer_is_neither_kept_nor_joined) {
  settings.cache.entry_bytes_max = 2000;
  start();
  client one;
  client two;
  ask(one, "q");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  say(0, cli_lines::message_start() + cli_lines::text(std::string(3000, 'x')));
  ask(two, "q");
  EXPECT_EQ(two.text, "");
  EXPECT_EQ(figures().processes_busy, 2U);
  say(0, cli_lines::message_delta() + cli_lines::result());
  EXPECT_EQ(one.text.size(), 3000U);
  EXPECT_EQ(figures().cache_entries, 0U);
}

TEST_F(response_cache_test, full_it_forgets_what_was_used_least_recently) {
  settings.cache.max_entries = 2;
  start();
  learn("1", "a");
  learn("2", "b");
  EXPECT_EQ(use_of(cold("1")), cache_use::hit);
  learn("3", "c");
  EXPECT_EQ(use_of(cold("1")), cache_use::hit);
  EXPECT_EQ(use_of(cold("2")), cache_use::miss);
  EXPECT_EQ(figures().cache_evictions, 1U);
}

// -- two threads ---------------------------------------------------------------------------------

/// A question whose dialogue lives on the thread.
std::string question_of(std::uint32_t shard) {
  for (int i = 0;; ++i) {
    auto query = "q" + std::to_string(i);
    const domain::chat_request asked{.request_id = {},
                                     .model = "sonnet",
                                     .system_prompt = std::nullopt,
                                     .messages = {{domain::role::user, query}},
                                     .sampling = {},
                                     .conversation_id = std::nullopt};
    if (domain::placement{{.node = 0, .shard = 0}, 2}.home_of_dialogue(asked).shard == shard)
      return query;
  }
}

TEST_F(response_cache_test, an_answer_is_known_on_all_threads_and_counted_once) {
  start(2);
  const auto query = question_of(1);
  learn(query, "a"); // asked on the first thread, answered on the second
  for (const std::size_t thread : {0, 1})
    EXPECT_EQ(use_of(cold(query), {}, thread), cache_use::hit) << "without any mail";
  EXPECT_EQ(figures().cache_entries, 1U);
  world.advance(2h);
  EXPECT_EQ(figures().cache_entries, 0U);
  EXPECT_EQ(use_of(cold(query), {.age_max = 10h}, 0), cache_use::miss);
}

TEST_F(response_cache_test, requests_on_several_threads_share_a_run) {
  start(2);
  const auto query = question_of(1);
  client here;
  client there;
  client leaving;
  ask(here, cold(query), {}, 0);
  ask(there, cold(query), {}, 1);
  const auto turn = ask(leaving, cold(query), {}, 0);
  ASSERT_EQ(children.size(), 1U);
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  say(0, cli_lines::message_start() + cli_lines::text("Hel"));
  EXPECT_EQ(leaving.text, "Hel");
  cancel(turn, 0);
  say(0, cli_lines::text("lo") + cli_lines::message_delta() + cli_lines::result());
  EXPECT_EQ(here.text, "Hello");
  EXPECT_EQ(there.text, "Hello");
  EXPECT_TRUE(here.finished && there.finished);
}

TEST_F(response_cache_test, who_asks_before_its_thread_knows_the_answer_gets_it_all_the_same) {
  start(2);
  const auto query = question_of(1);
  client first;
  ask(first, cold(query), {}, 1);
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  ASSERT_GT(cli(0).say(cli_lines::answer("a")), 0U);
  while (world.pump_loop(1)) {
  }
  client late; // the first thread has not read its mail
  auto what = cold(query);
  ASSERT_EQ(look_up(what, {}, 0).use, cache_use::miss);
  submit(late, std::move(what), 0);
  EXPECT_EQ(late.text, "a");
  EXPECT_TRUE(late.finished);
  EXPECT_EQ(children.size(), 1U);
}

TEST_F(response_cache_test, what_a_thread_forgets_all_forget) {
  settings.cache.max_entries = 2; // one for each thread
  start(2);
  const auto query = question_of(1);
  learn(query, "a");
  EXPECT_EQ(use_of(cold(query), {}, 0), cache_use::hit);
  settings.cache.enabled = false;
  reconfigure();
  settings.cache.enabled = true;
  reconfigure();
  EXPECT_EQ(use_of(cold(query), {}, 0), cache_use::miss);
}

} // namespace
} // namespace ccapi::actors::test
