#include "tool_pairs.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api_rules {

namespace json = boost::json;

namespace {

std::string text_at(const json::value& block, std::string_view key) {
  const auto* value = block.as_object().if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

json::value text_block(std::string_view text) {
  return json::object{{"type", "text"}, {"text", text}};
}

/// Leaves out calls whose id has been used; gives the ids of the others, in order.
std::vector<std::string> keep_calls(json::array& blocks, std::set<std::string>& used) {
  std::vector<std::string> calls;
  json::array kept;
  for (auto& block : blocks) {
    if (text_at(block, "type") == "tool_use") {
      const auto id = text_at(block, "id");
      if (!used.insert(id).second)
        continue;
      calls.push_back(id);
    }
    kept.push_back(std::move(block));
  }
  if (kept.empty())
    kept.push_back(text_block("[Tool use interrupted]"));
  blocks = std::move(kept);
  return calls;
}

/// Leaves out results that answer none of `calls`, and adds those that are missing.
void keep_results(json::array& blocks, const std::vector<std::string>& calls) {
  std::set<std::string> open{calls.begin(), calls.end()};
  json::array kept;
  for (auto& block : blocks)
    if (text_at(block, "type") != "tool_result" || open.erase(text_at(block, "tool_use_id")) > 0)
      kept.push_back(std::move(block));
  json::array all;
  for (const auto& id : calls)
    if (open.contains(id))
      all.push_back(json::object{{"type", "tool_result"},
                                 {"tool_use_id", id},
                                 {"content", "[Tool result missing due to internal error]"},
                                 {"is_error", true}});
  for (auto& block : kept)
    all.push_back(std::move(block));
  if (all.empty())
    all.push_back(text_block("(no content)"));
  blocks = std::move(all);
}

} // namespace

json::array paired(json::array messages) {
  std::set<std::string> used;
  std::vector<std::string> calls;
  json::array made;
  for (auto& message : messages) {
    auto& blocks = message.as_object().at("content").as_array();
    const bool of_user = text_at(message, "role") == "user";
    if (!of_user && !calls.empty()) {
      json::array results;
      keep_results(results, calls);
      made.push_back(json::object{{"role", "user"}, {"content", std::move(results)}});
    }
    if (of_user)
      keep_results(blocks, std::exchange(calls, {}));
    else
      calls = keep_calls(blocks, used);
    made.push_back(std::move(message));
  }
  return made;
}

} // namespace api_rules
