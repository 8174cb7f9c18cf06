#include "dialogue.hpp"

namespace fake_claude {

namespace json = boost::json;

json::object dialogue::rewind(std::string_view target, bool first_too) {
  std::size_t last = messages_.size(); // one past the last message of a user
  while (last > 0 && (messages_[last - 1].role != "user" || messages_[last - 1].uuid.empty()))
    --last;
  if (last == 0 || messages_[last - 1].uuid != target)
    return refused("stale target");
  if (last == 1 && !first_too)
    return refused("no preceding assistant");
  auto text = messages_[last - 1].text;
  messages_.resize(last - 1);
  return {{"rewound", true},
          {"targetMessageUuid", target},
          {"prefillText", text},
          {"precedingAssistantUuid", nullptr}};
}

json::object dialogue::refused(std::string_view why) {
  return {{"rewound", false},
          {"prefillText", nullptr},
          {"precedingAssistantUuid", nullptr},
          {"error", why}};
}

json::array dialogue::to_json() const {
  json::array all;
  for (const auto& message : messages_)
    all.push_back(json::array{message.role, message.text});
  return all;
}

} // namespace fake_claude
