#include "actors/turns/running_turn.hpp"

#include "domain/blank.hpp"
#include "json/call_arguments.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::actors {

running_turn::running_turn(run_turn order, const config::limits_settings& limits)
  : order_{std::move(order)},
    limits_{limits} {
  if (order_.format && !order_.format->map_name().empty())
    maps_.emplace(order_.format->map_name());
}

delivery running_turn::deliver(domain::event&& what) {
  if (concluded_)
    return delivery::go_on;
  if ((order_.format || order_.must_call) && withholds(what))
    return delivery::go_on;
  const auto bytes = domain::credit_bytes(what);
  credit_used_ += bytes;
  visible_ = visible_ || bytes > 0;
  if (std::holds_alternative<domain::answer_started>(what)) {
    if (std::exchange(order_.started, true))
      return delivery::go_on;
  } else {
    note_answer(what);
  }
  concluded_ = domain::is_terminal(what);
  if (concluded_)
    note(what);
  order_.sink->on_event(std::move(what));
  flush_wanted_ = true;
  if (concluded_)
    flush();
  return credit_used_ < limits_.stream_buffer_bytes || concluded_ ? delivery::go_on
                                                                  : delivery::pause;
}

void running_turn::note_answer(const domain::event& what) {
  if (const auto* text = std::get_if<domain::text_delta>(&what))
    domain::append_text(answer_, text->text);
  else if (const auto* call = std::get_if<domain::tool_call_started>(&what))
    calls_.push_back({.id = call->id, .name = call->name, .arguments = {}, .canonical = {}});
  else if (const auto* input = std::get_if<domain::tool_input_delta>(&what);
           input != nullptr && input->index < calls_.size())
    calls_[input->index].arguments += input->json;
}

void running_turn::add_calls() {
  if (!calls_.empty() && domain::is_blank(domain::plain_text(answer_)))
    answer_.content.clear();  // clients give no such text back
  for (auto& call : calls_) { // as the client's history will have them
    auto arguments = json::read_call_arguments(call.arguments);
    call.arguments = std::move(arguments.text);
    call.canonical = std::move(arguments.canonical);
    answer_.content.emplace_back(std::move(call));
  }
  calls_.clear();
}

bool running_turn::withholds(domain::event& what) {
  auto* const text = std::get_if<domain::text_delta>(&what);
  if (!text) {
    if (std::holds_alternative<domain::tool_call_started>(what))
      release();
    return false;
  }
  if (order_.format && !filter(*text))
    return true;
  if (!order_.must_call || !calls_.empty())
    return false;
  domain::append_text(answer_, text->text);
  held_ += text->text;
  return true;
}

void running_turn::release() {
  if (held_.empty())
    return;
  credit_used_ += held_.size();
  visible_ = true;
  order_.sink->on_event(domain::text_delta{std::exchange(held_, {})});
}

void running_turn::check_call(domain::event& last) {
  const auto* finished = std::get_if<domain::turn_finished>(&last);
  if (!finished || !calls_.empty())
    return;
  if (finished->reason != domain::finish_reason::stop)
    return release();
  usage_ = finished->usage;
  last = domain::turn_failed{
    {.code = domain::error_code::tool_choice_not_honoured,
     .message = "The model has called no tool, though tool_choice asks for a call. The API lets "
                "nobody force this model; others can be forced."}};
}

bool running_turn::filter(domain::text_delta& text) {
  text.text = fences_.pass(text.text);
  if (maps_)
    text.text = maps_->pass(text.text);
  if (text.text.empty())
    return false;
  if (order_.in_one_piece)
    domain::append_text(answer_, text.text);
  return !order_.in_one_piece;
}

void running_turn::check(domain::event& last) {
  const auto* finished = std::get_if<domain::turn_finished>(&last);
  if (!finished)
    return;
  auto shown = fences_.finish();
  if (maps_)
    shown = maps_->pass(shown) + maps_->finish();
  domain::append_text(answer_, shown);
  if (order_.in_one_piece)
    shown = domain::plain_text(answer_);
  usage_ = finished->usage;
  auto flaw = finished->reason == domain::finish_reason::stop
                ? order_.format->flaw_of(domain::plain_text(answer_))
                : std::nullopt;
  if (order_.must_call && calls_.empty())
    held_ += shown; // behind what waits for a call
  else if (!shown.empty() && !(flaw && order_.in_one_piece))
    order_.sink->on_event(domain::text_delta{std::move(shown)});
  if (!flaw)
    return;
  if (!flaw->ends_with('.'))
    *flaw += '.';
  last = domain::turn_failed{
    {.code = domain::error_code::invalid_structured_output,
     .message = "The model's answer does not have the format that was asked for: " + *flaw}};
}

void running_turn::note(const domain::event& what) {
  if (const auto* finished = std::get_if<domain::turn_finished>(&what)) {
    outcome_ = turn_outcome::finished;
    usage_ = finished->usage;
  } else if (const auto* failed = std::get_if<domain::turn_failed>(&what)) {
    outcome_ = turn_outcome::failed;
    failure_ = failed->failure;
  }
}

void running_turn::conclude(domain::event&& what) {
  if (std::exchange(concluded_, true))
    return;
  const auto* finished = std::get_if<domain::turn_finished>(&what);
  const bool lacks_call = order_.must_call && calls_.empty() && finished != nullptr
                          && finished->reason == domain::finish_reason::stop;
  if (order_.format && !lacks_call) // then its form does not matter
    check(what);
  if (order_.must_call)
    check_call(what);
  note(what);
  last_word_ = std::move(what);
}

void running_turn::fail(const domain::error& why) {
  conclude(domain::turn_failed{why});
}

void running_turn::lose(const domain::error& why) {
  if (concluded_ || visible_)
    return fail(why);
  outcome_ = turn_outcome::lost;
  failure_ = why;
}

void running_turn::bounce() {
  if (!std::exchange(concluded_, true))
    outcome_ = turn_outcome::not_started;
}

void running_turn::abandon() {
  order_.sink.reset();
  last_word_.reset();
  flush_wanted_ = false;
  if (!std::exchange(concluded_, true))
    outcome_ = turn_outcome::cancelled;
}

void running_turn::flush() {
  if (std::exchange(flush_wanted_, false))
    order_.sink->on_flush();
}

bool running_turn::grant(std::size_t bytes) noexcept {
  credit_used_ -= std::min(credit_used_, bytes);
  return credit_used_ < limits_.stream_buffer_bytes;
}

void running_turn::book(std::int64_t cost) {
  usage_.cost_micro_usd = cost;
  if (!last_word_)
    return;
  if (auto* finished = std::get_if<domain::turn_finished>(&*last_word_))
    finished->usage.cost_micro_usd = cost;
  else if (auto* failed = std::get_if<domain::turn_failed>(&*last_word_))
    failed->usage = usage_;
}

turn_ended running_turn::report(domain::process_id by, bool reusable, std::size_t rewindable,
                                std::size_t open_calls, std::int64_t cost) {
  add_calls();
  book(cost);
  return {.turn = order_.turn,
          .process = by,
          .outcome = outcome_,
          .answer = std::move(answer_),
          .reusable = reusable,
          .rewound = rewound_,
          .rewindable = rewindable,
          .open_calls = open_calls,
          .usage = usage_,
          .failure = std::move(failure_),
          .started = order_.started,
          .last_word = std::exchange(last_word_, std::nullopt)};
}

} // namespace ccapi::actors
