#include "domain/dialogue/open_calls.hpp"

#include "domain/quoted_names.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ccapi::domain {

namespace {

std::vector<const tool_use_block*> calls_at_end(const dialogue& head) {
  if (!head || head->depth() == 0 || head->who() != role::assistant)
    return {};
  return calls_of(head->said());
}

bool holds_pictures(const message& what) noexcept {
  return std::any_of(what.content.begin(), what.content.end(), [](const block& each) {
    const auto* result = std::get_if<tool_result_block>(&each);
    return result != nullptr
           && std::any_of(result->parts.begin(), result->parts.end(), [](const auto& part) {
                return std::holds_alternative<image_block>(part);
              });
  });
}

/// As text of the user.
void tell_results(message& what) {
  std::vector<block> told;
  for (auto& each : what.content) {
    auto* const result = std::get_if<tool_result_block>(&each);
    if (result == nullptr) {
      told.push_back(std::move(each));
      continue;
    }
    for (auto& part : result->parts)
      if (auto* const text = std::get_if<text_block>(&part))
        told.emplace_back(std::move(*text));
  }
  if (told.empty())
    told.emplace_back(text_block{"(no content)"});
  what.content = std::move(told);
}

error wrong_results(const char* what, const std::string& names) {
  return {.code = error_code::invalid_request,
          .message = std::string{"Invalid value for 'messages': "} + what + names + ".",
          .param = "messages",
          .retry_useful = false};
}

/// Takes the result of `call_id` out of `given`; nothing: there is none.
const tool_result_block* result_for(const std::vector<block>& given, const std::string& call_id) {
  for (const auto& each : given)
    if (const auto* result = std::get_if<tool_result_block>(&each);
        result != nullptr && result->call_id == call_id)
      return result;
  return nullptr;
}

result<void> order_results(message& what, const std::vector<const tool_use_block*>& calls) {
  std::vector<block> ordered;
  quoted_names missing;
  for (const auto* call : calls) {
    if (const auto* found = result_for(what.content, call->id))
      ordered.emplace_back(*found);
    else
      missing.add(call->id);
  }
  if (!missing.empty())
    return wrong_results("there are no results of the calls ", missing.text());
  quoted_names unknown;
  std::size_t results = 0;
  for (auto& each : what.content) {
    const auto* result = std::get_if<tool_result_block>(&each);
    if (result == nullptr) {
      ordered.push_back(std::move(each));
      continue;
    }
    ++results;
    if (std::none_of(calls.begin(), calls.end(),
                     [&](const tool_use_block* call) { return call->id == result->call_id; }))
      unknown.add(result->call_id);
  }
  if (!unknown.empty())
    return wrong_results("there are results of calls that were not made: ", unknown.text());
  if (results > calls.size())
    return wrong_results("there are several results of one call", {});
  what.content = std::move(ordered);
  return {};
}

} // namespace

result<bool> settle_open_calls(const dialogue& head, std::vector<message>& messages) {
  auto& first = messages.front();
  const auto calls = calls_at_end(head);
  if (calls.empty()) {
    const bool orphans = has_results(first);
    if (orphans && holds_pictures(first))
      return error{.code = error_code::unsupported_parameter,
                   .message = "Pictures can't be taken in the result of a call that was not made.",
                   .param = "messages",
                   .retry_useful = false};
    if (orphans)
      tell_results(first);
    return orphans;
  }
  if (!has_results(first)) {
    std::vector<block> unanswered;
    unanswered.reserve(calls.size());
    for (const auto* call : calls)
      unanswered.emplace_back(tool_result_block{
        .call_id = call->id, .parts = {text_block{std::string{not_answered}}}, .is_error = true});
    first.content.insert(first.content.begin(), unanswered.begin(), unanswered.end());
    return false;
  }
  if (auto ordered = order_results(first, calls); !ordered)
    return std::move(ordered).error();
  return false;
}

} // namespace ccapi::domain
