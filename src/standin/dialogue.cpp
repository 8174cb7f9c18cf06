#include "standin/dialogue.hpp"

#include "json/writer.hpp"

#include <algorithm>
#include <iterator>

namespace ccapi::standin {

rewind_answer dialogue::rewind(std::string_view target, bool newer) {
  const auto last = std::find_if(messages_.rbegin(), messages_.rend(), [](const spoken& each) {
    return each.from_user && !each.uuid.empty();
  });
  if (last == messages_.rend() || last->uuid != target)
    return refused("stale target", "stale_target", newer);
  const auto preceding = std::find_if(std::next(last), messages_.rend(),
                                      [](const spoken& each) { return !each.from_user; });
  if (preceding == messages_.rend() && !newer)
    return refused("no preceding assistant", {}, newer);
  std::string response = R"({"rewound":true,"targetMessageUuid":)";
  json::append_string(response, target);
  response += R"(,"prefillText":)";
  json::append_string(response, last->text() + '\n'); // from the empty block behind it
  response += R"(,"precedingAssistantUuid":)";
  if (preceding == messages_.rend())
    response += "null";
  else
    json::append_string(response, preceding->uuid);
  response += '}';
  messages_.erase(std::prev(last.base()), messages_.end());
  return {true, std::move(response)};
}

rewind_answer dialogue::refused(std::string_view why, std::string_view reason, bool newer) {
  std::string response =
    R"({"rewound":false,"prefillText":null,"precedingAssistantUuid":null,"error":)";
  json::append_string(response, why);
  if (newer)
    response.append(R"(,"reason":")").append(reason).append(1, '"');
  response += '}';
  return {false, std::move(response)};
}

} // namespace ccapi::standin
