// conversation, the part that has the model mend an answer which lacks the format, or the call,
// that was asked for. The client sees only what comes of it: the dialogue holds its question and
// the mended answer.

#include "actors/turns/conversation.hpp"

#include <string>
#include <utility>

namespace ccapi::actors {

namespace {

bool lacks_call(const turn_ended& what) {
  return what.failure->code == domain::error_code::tool_choice_not_honoured;
}

std::string call_wish(const domain::tool_list& tools) {
  if (tools.size() == 1)
    return "Call the tool " + tools.begin()->api_name + " now.";
  constexpr std::size_t named_max = 20; // who has more of them is not helped by a list
  if (tools.size() > named_max)
    return "Call one of the tools now.";
  std::string wish{"Call one of the tools now:"};
  for (const auto& each : tools)
    wish.append(&each == &*tools.begin() ? " " : ", ").append(each.api_name);
  return wish + ".";
}

} // namespace

bool is_flawed(const turn_ended& what) {
  return what.outcome == turn_outcome::failed && what.failure
         && (what.failure->code == domain::error_code::invalid_structured_output
             || lacks_call(what));
}

void conversation::note_flawed(const turn_ended& what) {
  if (!what.rewound)
    record_->process->holds =
      domain::answered(shard_.conversations.dialogues(), active_->plan, what.answer);
}

bool conversation::run_repair(turn_ended& what) {
  const auto& request = active_->order.request;
  if (!is_flawed(what) || active_->asked || active_->cancelled || shard_.closing
      || domain::says_nothing(what.answer))
    return false;
  if (!request.in_one_piece && !lacks_call(what)) // the client has seen it
    return false;
  shard_.log.info("answer is not as it was asked for; the model is told",
                  {{"request", request.request_id}, {"conversation", record_->id}});
  ++shard_.totals.turns_mended;
  auto& plan = active_->plan;
  active_->asked = plan;
  active_->spent = what.usage;
  active_->started = what.started;
  plan.before = domain::answered(shard_.conversations.dialogues(), plan, std::move(what.answer));
  plan.query = {domain::role::user,
                lacks_call(what) ? call_wish(active_->settled.settings.tools)
                                 : what.failure->message
                                     + " Give the whole answer again, mended: only the JSON, with "
                                       "nothing around it."};
  to_own_or_new_process();
  return true;
}

void conversation::settle_repair(turn_ended& what) {
  what.usage += active_->spent;
  if (what.last_word)
    std::visit(
      [&](auto& last) {
        if constexpr (requires { last.usage; })
          last.usage = what.usage;
      },
      *what.last_word);
  if (what.outcome == turn_outcome::finished && record_->process && !what.rewound)
    record_->process->holds =
      domain::answered(shard_.conversations.dialogues(), active_->plan, what.answer);
}

} // namespace ccapi::actors
