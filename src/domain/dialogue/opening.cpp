#include "domain/dialogue/opening.hpp"

#include "domain/dialogue/placement.hpp"
#include "domain/dialogue/turn_plan.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace ccapi::domain {

namespace {

void read_as_question(chat_request& request) {
  auto reading = as_question(request);
  request.system_prompt = std::move(reading.system_prompt);
  request.messages.insert(request.messages.begin(),
                          message{role::user, std::move(reading.question)});
  request.opening = opening::resumed;
}

dialogue longest_ahead(const prefix_index& index, const chat_request& request,
                       const std::string& default_system_prompt) {
  // The last message is the query.
  const std::span history{request.messages.data(),
                          std::max<std::size_t>(request.messages.size(), 1) - 1};
  return index.longest(root_of(request, default_system_prompt), history);
}

std::size_t depth_of(const dialogue& known) noexcept {
  return known ? known->depth() : 0;
}

} // namespace

question_reading as_question(const chat_request& request) {
  question_reading reading;
  auto rest = request.system_prompt.value_or(std::string{});
  const auto begin = std::min(request.question_at.begin, rest.size());
  const auto size = std::min(request.question_at.size, rest.size() - begin);
  reading.question = rest.substr(begin, size);
  const auto gap = prompt_paragraph.size();
  rest.erase(begin < gap ? 0 : begin - gap, size + gap);
  if (!rest.empty())
    reading.system_prompt = std::move(rest);
  return reading;
}

void asked_openings::note(std::uint64_t beginning) noexcept {
  if (has(beginning))
    return;
  auto& group = groups_[beginning % groups];
  for (auto place = group_size - 1; place > 0; --place)
    group[place].store(group[place - 1].load(std::memory_order_acquire), std::memory_order_release);
  group[0].store(beginning, std::memory_order_release);
}

bool asked_openings::has(std::uint64_t beginning) const noexcept {
  const auto& group = groups_[beginning % groups];
  return std::any_of(group.begin(), group.end(), [&](const std::atomic<std::uint64_t>& known) {
    return known.load(std::memory_order_acquire) == beginning;
  });
}

void recall_opening(asked_openings& asked, chat_request& request) {
  if (request.opening == opening::asked)
    asked.note(beginning_of(request));
  else if (request.opening == opening::open
           && (request.strict || !asked.has(beginning_of(request))))
    request.opening = opening::plain;
}

dialogue settle_opening(const prefix_index& index, chat_request& request,
                        const std::string& default_system_prompt) {
  auto as_prompt = longest_ahead(index, request, default_system_prompt);
  if (request.opening != opening::open)
    return as_prompt;
  auto prompt = request.system_prompt;
  read_as_question(request);
  auto asked = longest_ahead(index, request, default_system_prompt);
  // Its depth counts the question, too.
  if (depth_of(asked) >= 2 && depth_of(asked) > depth_of(as_prompt))
    return asked;
  request.system_prompt = std::move(prompt);
  request.messages.erase(request.messages.begin());
  request.opening = opening::plain;
  return as_prompt;
}

void settle_named_opening(const dialogue& head, chat_request& request) {
  if (request.opening != opening::open)
    return;
  const auto known = path(head);
  const bool asked =
    !request.strict && known.size() >= 2
    && same_message(known[0]->said(), message{role::user, as_question(request).question})
    && same_message(known[1]->said(), request.messages.front());
  if (asked)
    read_as_question(request);
  else
    request.opening = opening::plain;
}

} // namespace ccapi::domain
