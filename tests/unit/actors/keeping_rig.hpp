#pragma once
// keeping_rig: a gateway_rig with a store that outlives the gateway.

#include "gateway_rig.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::actors::test {

class keeping : public gateway_rig {
protected:
  keeping() { store = std::make_shared<memory_store>(); }

  /// The same store, another gateway.
  void restart() {
    stop();
    start();
  }
  memory_store::kept_conversation& kept(const std::string& id) { return store->kept.at({"", id}); }

  /// A turn of a conversation whose process is new, and is told what there was.
  void turn_with_history(client& from, const std::string& conversation,
                         const std::vector<std::pair<std::string, std::string>>& past,
                         const std::string& query, const std::string& answer) {
    const auto child = children.size();
    submit(from, conversation, query);
    ASSERT_GT(children.size(), child);
    cli(child).boot();
    world.pump();
    for (const auto& [asked, said] : past)
      take_history(child, asked, said);
    next_turn(child, query, answer);
    EXPECT_TRUE(from.finished);
  }
  domain::result<domain::conversation_info> remove(const std::string& id) {
    std::optional<domain::result<domain::conversation_info>> deleted;
    gateway().remove_conversation({"", id}, [&](auto last) { deleted = std::move(last); });
    world.pump();
    return deleted.value();
  }
  void turn(client& from, const std::string& conversation, std::size_t child,
            const std::string& query, const std::string& answer) {
    submit(from, conversation, query);
    next_turn(child, query, answer);
    EXPECT_TRUE(from.finished);
  }
};

} // namespace ccapi::actors::test
