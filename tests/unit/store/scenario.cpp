#include "scenario.hpp"

#include <gtest/gtest.h>

#include <variant>

namespace ccapi::store {

using domain::store_outcome;

domain::append_turn scenario::next_turn(const std::string& id, bool named) const {
  const auto known = kept_.find(id);
  const auto last = known == kept_.end() ? 0 : known->second.last;
  auto turn = turn_of({.id = id,
                       .expected_last = last,
                       .parent = last,
                       .depth = 2 * (static_cast<std::uint64_t>(last) + 1),
                       .question = id + std::to_string(last + 1),
                       .named = named,
                       .seconds = clock_});
  if (last == 0)
    turn.turn.system_prompt = std::string(3000, 'p'); // a payload that all of them share
  turn.turn.messages[1] = {domain::role::assistant, std::string(2000, 'a')};
  return turn;
}

void scenario::run(sqlite_store& store, int step) {
  ++clock_;
  const auto number = std::to_string(step);
  switch (step % 6) {
  case 0:
    return write(store, {next_turn("a")});
  case 1:
    return write(store, {next_turn("b"), next_turn("new" + number), next_turn("c", false)});
  case 2:
    return write(store, {next_turn("short" + number), next_turn("b")});
  case 3:
    return write(store, {domain::remove_conversation_of{.tenant = "t",
                                                        .id = "short" + std::to_string(step - 1)},
                         next_turn("a")});
  case 4: {
    const auto found = store.load("t", "a");
    if (found)
      EXPECT_EQ(questions_of(store, "t", "a"), kept_.contains("a") ? kept_.at("a").questions : "-");
    else
      EXPECT_EQ(found.error().code, domain::error_code::store_unavailable);
    return;
  }
  default:
    // Deletes nothing, and nothing must come of it.
    store.sweep({.named = std::chrono::hours{1}}, at(clock_));
    store.recover();
  }
}

void scenario::apply(state& to, const domain::store_write& write) {
  if (const auto* turn = std::get_if<domain::append_turn>(&write)) {
    auto& known = to[turn->after.info.id];
    known.questions += (known.questions.empty() ? "" : " ") + plain_text(turn->turn.messages.at(0));
    known.last = turn->expected_last + 1;
    known.named = turn->after.named;
  } else if (const auto* remove = std::get_if<domain::remove_conversation_of>(&write)) {
    to.erase(remove->id);
  }
}

void scenario::write(sqlite_store& store, const std::vector<domain::store_write>& writes) {
  with_last_ = kept_;
  for (const auto& each : writes)
    apply(with_last_, each);
  const auto outcomes = store.write(writes);
  ASSERT_EQ(outcomes.size(), writes.size());
  for (std::size_t index = 0; index < writes.size(); ++index) {
    EXPECT_NE(outcomes[index], store_outcome::stale) << "somebody else must have written";
    EXPECT_EQ(outcomes[index], outcomes[0]) << "one transaction";
    if (outcomes[index] != store_outcome::committed)
      continue;
    apply(kept_, writes[index]);
    ++acknowledged_;
  }
}

bool scenario::is_kept(sqlite_store& store, const state& expected, std::string& why) {
  std::size_t named = 0;
  for (const auto& [id, said] : expected) {
    named += said.named ? 1 : 0;
    const auto found = questions_of(store, "t", id);
    if (found != said.questions) {
      why = id + ": \"" + found + "\" instead of \"" + said.questions + "\"";
      return false;
    }
  }
  const auto page = store.list({.tenant = "t", .limit = 1000});
  if (!page || page->entries.size() != named || store.state().conversations != named) {
    why = "a wrong number of conversations";
    return false;
  }
  return true;
}

void scenario::expect_kept_by(sqlite_store& store, bool last_may_be_there) const {
  std::string why;
  std::string ignored;
  EXPECT_TRUE(is_kept(store, kept_, why)
              || (last_may_be_there && is_kept(store, with_last_, ignored)))
    << why;
}

} // namespace ccapi::store
