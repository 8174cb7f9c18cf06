#include "domain/dialogue/open_calls.hpp"

#include "domain/quoted_names.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace ccapi::domain {

namespace {

using id_list = std::vector<std::string_view>;

/// Of the calls that `head` ends with: `known`, or as they stand there.
id_list calls_at_end(const dialogue& head, std::span<const std::string> known) {
  id_list ids;
  if (!head || head->depth() == 0 || head->who() != role::assistant)
    return ids;
  for (const auto* call : calls_of(head->said()))
    ids.push_back(call->id);
  if (known.size() == ids.size())
    std::copy(known.begin(), known.end(), ids.begin());
  return ids;
}

/// As texts and pictures of the user.
void tell_results(message& what) {
  std::vector<block> told;
  for (auto& each : what.content) {
    auto* const result = std::get_if<tool_result_block>(&each);
    if (result == nullptr) {
      told.push_back(std::move(each));
      continue;
    }
    for (auto& part : result->parts)
      std::visit([&told](auto& kind) { told.emplace_back(std::move(kind)); }, part);
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

/// The calls that its results name; none if it says anything else.
quoted_names nothing_but_results(const message& what) {
  quoted_names names;
  for (const auto& each : what.content) {
    const auto* const result = std::get_if<tool_result_block>(&each);
    if (result == nullptr)
      return {};
    if (!result->call_id.empty())
      names.add(result->call_id);
  }
  return names;
}

using result_list = std::vector<tool_result_block*>;

/// Those that name a call, by the call.
std::unordered_map<std::string_view, tool_result_block*> by_call_id(const result_list& given) {
  std::unordered_map<std::string_view, tool_result_block*> named;
  for (auto* each : given)
    if (!each->call_id.empty())
      named.emplace(each->call_id, each);
  return named;
}

/// The result of each call: that which names it, else the next that names none. Null: there is
/// none. Those that are left belong to no call.
struct assignment {
  result_list of_calls;
  result_list left;
};

assignment assign(const result_list& given, const id_list& calls) {
  auto named = by_call_id(given);
  assignment made;
  std::unordered_set<const tool_result_block*> used;
  for (const auto& call : calls) {
    const auto found = named.find(call);
    made.of_calls.push_back(found == named.end() ? nullptr : found->second);
    if (found != named.end())
      used.insert(found->second);
  }
  auto free = made.of_calls.begin();
  for (auto* each : given) {
    if (used.contains(each))
      continue;
    if (each->call_id.empty())
      free = std::find(free, made.of_calls.end(), nullptr);
    if (each->call_id.empty() && free != made.of_calls.end())
      *free = each;
    else
      made.left.push_back(each);
  }
  return made;
}

result<void> order_results(message& what, const id_list& calls) {
  result_list given;
  for (auto& each : what.content)
    if (auto* found = std::get_if<tool_result_block>(&each))
      given.push_back(found);
  const auto made = assign(given, calls);
  quoted_names missing;
  for (std::size_t at = 0; at < calls.size(); ++at)
    if (made.of_calls[at] == nullptr)
      missing.add(calls[at]);
  if (!missing.empty())
    return wrong_results("there are no results of the calls ", missing.text());
  quoted_names unknown;
  for (const auto* each : made.left)
    if (!each->call_id.empty())
      unknown.add(each->call_id);
  if (!unknown.empty())
    return wrong_results("there are results of calls that were not made: ", unknown.text());
  if (!made.left.empty())
    return wrong_results("there are more results than calls", {});
  std::vector<block> ordered;
  ordered.reserve(what.content.size());
  for (auto* each : made.of_calls)
    ordered.emplace_back(std::move(*each));
  for (auto& each : what.content)
    if (!std::holds_alternative<tool_result_block>(each))
      ordered.push_back(std::move(each));
  what.content = std::move(ordered);
  return {};
}

void name_calls(std::size_t place, message& said) {
  std::size_t number = 0;
  for (auto& each : said.content)
    if (auto* const call = std::get_if<tool_use_block>(&each))
      call->id = "call-" + std::to_string(place) + "-" + std::to_string(++number);
}

void name_results(const message& called, message& said) {
  auto at = said.content.begin();
  for (const auto& each : called.content) {
    const auto* const call = std::get_if<tool_use_block>(&each);
    if (call == nullptr)
      continue;
    auto* const found = at == said.content.end() ? nullptr : std::get_if<tool_result_block>(&*at);
    if (found == nullptr)
      return;
    found->call_id = call->id;
    ++at;
  }
}

} // namespace

result<bool> settle_open_calls(const dialogue& head, std::span<const std::string> call_ids,
                               std::vector<message>& messages) {
  auto& first = messages.front();
  const auto calls = calls_at_end(head, call_ids);
  if (calls.empty()) {
    // Sent again, or of another conversation. More messages are a history without its beginning.
    if (const auto unknown = messages.size() == 1 ? nothing_but_results(first) : quoted_names{};
        !unknown.empty())
      return wrong_results("there are results of calls that are not open: ", unknown.text());
    const bool orphans = has_results(first);
    if (orphans)
      tell_results(first);
    return orphans;
  }
  if (!has_results(first)) {
    std::vector<block> unanswered;
    unanswered.reserve(calls.size());
    for (const auto& call : calls)
      unanswered.emplace_back(tool_result_block{.call_id = std::string{call},
                                                .parts = {text_block{std::string{not_answered}}},
                                                .is_error = true});
    first.content.insert(first.content.begin(), unanswered.begin(), unanswered.end());
    return false;
  }
  if (auto ordered = order_results(first, calls); !ordered)
    return std::move(ordered).error();
  return false;
}

std::vector<std::string> ids_of_calls(const message& what) {
  std::vector<std::string> ids;
  for (const auto* call : calls_of(what))
    ids.push_back(call->id);
  return ids;
}

std::vector<std::string> other_ids_of_calls(const message& told, const message& known) {
  auto ids = ids_of_calls(told);
  return ids == ids_of_calls(known) ? std::vector<std::string>{} : std::move(ids);
}

void set_ids_of_calls(message& what, std::span<const std::string> ids) {
  auto id = ids.begin();
  for (auto& each : what.content)
    if (auto* call = std::get_if<tool_use_block>(&each); call != nullptr && id != ids.end())
      call->id = *id++;
}

void give_ids_of_calls(const dialogue_node& before, message& next) {
  if (has_results(next) && before.depth() > 0 && before.who() == role::assistant)
    name_results(before.said(), next);
}

void give_own_ids(const dialogue_node& before, message& next) {
  if (next.role == role::assistant)
    name_calls(before.depth() + 1, next);
  else
    give_ids_of_calls(before, next);
}

} // namespace ccapi::domain
