// conversation, the part that has the model mend an answer which lacks the format asked for. The
// client sees only what comes of it: the dialogue holds its question and the mended answer.

#include "actors/turns/conversation.hpp"

#include <utility>

namespace ccapi::actors {

bool is_flawed(const turn_ended& what) {
  return what.outcome == turn_outcome::failed && what.failure
         && what.failure->code == domain::error_code::invalid_structured_output;
}

void conversation::note_flawed(const turn_ended& what) {
  if (!what.rewound)
    record_->process->holds =
      domain::answered(shard_.conversations.dialogues(), active_->plan, what.answer);
}

bool conversation::run_repair(turn_ended& what) {
  const auto& request = active_->order.request;
  if (!is_flawed(what) || !request.in_one_piece || active_->asked || active_->cancelled
      || shard_.closing || domain::says_nothing(what.answer))
    return false;
  shard_.log.info("answer lacks its format; the model is told",
                  {{"request", request.request_id}, {"conversation", record_->id}});
  auto& plan = active_->plan;
  active_->asked = plan;
  active_->spent = what.usage;
  active_->started = what.started;
  plan.before = domain::answered(shard_.conversations.dialogues(), plan, std::move(what.answer));
  plan.query = {domain::role::user,
                what.failure->message
                  + " Give the whole answer again, mended: only the JSON, with nothing around it."};
  to_own_or_new_process();
  return true;
}

void conversation::settle_repair(turn_ended& what) {
  what.usage += active_->spent;
  if (what.last_word)
    if (auto* finished = std::get_if<domain::turn_finished>(&*what.last_word))
      finished->usage = what.usage;
  if (what.outcome == turn_outcome::finished && record_->process && !what.rewound)
    record_->process->holds =
      domain::answered(shard_.conversations.dialogues(), active_->plan, what.answer);
}

} // namespace ccapi::actors
