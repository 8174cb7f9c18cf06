#include "domain/dialogue/matching.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ccapi::domain {
namespace {

constexpr match_choice new_one{};
constexpr match_choice new_one_begun{.allow_full_rewind = true};
constexpr match_choice goes_on_at_rest{.conversation = match_candidate::rests_there};
constexpr match_choice goes_on_in_last{.conversation = match_candidate::last};
constexpr match_choice branches_off{.donor = match_candidate::last};
constexpr match_choice from_undone{.donor = match_candidate::rests_there,
                                   .allow_full_rewind = true};
constexpr match_choice from_one_turn{.donor = match_candidate::one_turn, .allow_full_rewind = true};

constexpr last_conversation idle{.in_use = true, .has_idle_process = true};

struct row {
  std::string what;
  match_candidates found;
  match_choice wanted;
};

TEST(matching, chooses_by_this_table) {
  const std::vector<row> table{
    {"the follow-up of a live dialogue",
     {.known_messages = 2, .one_rests_there = true},
     goes_on_at_rest},
    {"one at rest goes before the last speaker",
     {.known_messages = 2, .one_rests_there = true, .last = idle},
     goes_on_at_rest},
    {"reuse concerns new dialogues only",
     {.known_messages = 2, .one_rests_there = true, .reuse = false},
     goes_on_at_rest},
    {"a dialogue whose conversation was forgotten", {.known_messages = 2}, new_one},
    {"a dialogue that has lost its process",
     {.known_messages = 2, .last = last_conversation{.ends_there = true}},
     goes_on_in_last},
    {"a fork of a dialogue without a process",
     {.known_messages = 2, .last = last_conversation{}},
     new_one},
    {"a fork of a live dialogue", {.known_messages = 2, .last = idle}, branches_off},
    {"a fork of a dialogue that has a turn right now",
     {.known_messages = 2, .last = last_conversation{.in_use = true}},
     new_one},
    {"the same dialogue, while it has a turn",
     {.known_messages = 2, .last = last_conversation{.in_use = true, .ends_there = true}},
     new_one},
    {"a fork of a dialogue that is about to have a turn",
     {.known_messages = 2,
      .last = last_conversation{.has_mail = true, .in_use = true, .has_idle_process = true}},
     new_one},
    {"a dialogue without a process that is about to have one",
     {.known_messages = 2, .last = last_conversation{.has_mail = true, .ends_there = true}},
     new_one},
    {"a fork of a named conversation",
     {.known_messages = 2,
      .last = last_conversation{.named = true, .in_use = true, .has_idle_process = true}},
     new_one},
    {"the follow-up of a named conversation without its name",
     {.known_messages = 2, .last = last_conversation{.named = true, .ends_there = true}},
     new_one},
    {"a first question", {}, new_one_begun},
    {"a first question, and processes serve one dialogue each",
     {.one_rests_there = true, .one_turn_rests = true, .reuse = false},
     new_one},
    {"a first question where one of the same root was undone",
     {.one_rests_there = true},
     from_undone},
    {"a first question where one-turn dialogues have come to rest",
     {.one_turn_rests = true},
     from_one_turn},
    {"what was undone goes first", {.one_rests_there = true, .one_turn_rests = true}, from_undone},
    {"a first question does not disturb a longer dialogue of the same root",
     {.last = idle},
     new_one_begun},
  };
  for (const auto& [what, found, wanted] : table)
    EXPECT_EQ(choose_match(found), wanted) << what;
}

TEST(matching, never_takes_what_is_not_offered_or_is_somebody_elses) {
  for (unsigned bits = 0; bits < 1U << 9; ++bits) {
    const auto bit = [bits](unsigned place) { return ((bits >> place) & 1U) != 0; };
    match_candidates found{.known_messages = bit(0) ? 3U : 0U,
                           .one_rests_there = bit(1),
                           .one_turn_rests = bit(2),
                           .reuse = bit(3)};
    if (bit(4))
      found.last = last_conversation{.named = bit(5),
                                     .has_mail = bit(6),
                                     .in_use = bit(7),
                                     .ends_there = bit(8),
                                     .has_idle_process = bit(7) && !bit(6)};
    const auto choice = choose_match(found);
    for (const auto which : {choice.conversation, choice.donor}) {
      if (which == match_candidate::rests_there) {
        EXPECT_TRUE(found.one_rests_there) << bits;
      }
      if (which == match_candidate::one_turn) {
        EXPECT_TRUE(found.one_turn_rests && found.known_messages == 0) << bits;
      }
      if (which == match_candidate::last) {
        EXPECT_TRUE(found.last && !found.last->named && !found.last->has_mail) << bits;
      }
    }
    EXPECT_TRUE(choice.conversation == match_candidate::none
                || choice.donor == match_candidate::none)
      << bits;
    EXPECT_FALSE(choice.allow_full_rewind && found.known_messages > 0) << bits;
  }
}

} // namespace
} // namespace ccapi::domain
