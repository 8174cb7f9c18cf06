#pragma once
// memory_store: a store without a disk, for tests of those who use one. Strict: it refuses what the
// port forbids.

#include "domain/store/store.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::actors::test {

class memory_store final : public domain::store {
public:
  struct kept_conversation {
    domain::stored_conversation about;
    std::map<domain::turn_number, domain::stored_turn> turns;
  };
  using name = std::pair<std::string, std::string>; // tenant, id

  std::vector<domain::store_outcome> write(std::span<const domain::store_write> writes) override {
    std::vector<domain::store_outcome> outcomes;
    for (const auto& each : writes)
      outcomes.push_back(fails
                           ? domain::store_outcome::unavailable
                           : std::visit([this](const auto& what) { return apply(what); }, each));
    group_sizes.push_back(writes.size());
    return outcomes;
  }

  domain::result<std::optional<domain::stored_dialogue>> load(const std::string& tenant,
                                                              const std::string& id) override {
    ++loads;
    if (fails)
      return broken();
    const auto found = kept.find({tenant, id});
    if (found == kept.end())
      return std::optional<domain::stored_dialogue>{};
    const auto& [about, turns] = found->second;
    domain::stored_dialogue dialogue{.about = about};
    std::vector<const domain::stored_turn*> path;
    for (auto at = about.head; at != 0; at = turns.at(at).parent) {
      path.push_back(&turns.at(at));
      dialogue.path.push_back({at, turns.at(at).depth});
    }
    std::reverse(path.begin(), path.end());
    std::reverse(dialogue.path.begin(), dialogue.path.end());
    for (const auto* turn : path) {
      dialogue.model = turn->model;
      dialogue.system_prompt = turn->system_prompt.value_or(dialogue.system_prompt);
      dialogue.messages.insert(dialogue.messages.end(), turn->messages.begin(),
                               turn->messages.end());
    }
    return std::optional{std::move(dialogue)};
  }

  domain::result<std::optional<domain::stored_conversation>> find(const std::string& tenant,
                                                                  const std::string& id) override {
    if (fails)
      return broken();
    const auto found = kept.find({tenant, id});
    return found == kept.end() ? std::optional<domain::stored_conversation>{}
                               : std::optional{found->second.about};
  }

  domain::result<domain::conversation_page> list(const domain::page_query& query) override {
    if (fails)
      return broken();
    domain::conversation_page page;
    for (const auto& [key, each] : kept)
      if (key.first == query.tenant && each.about.named
          && query.wants(each.about.info.updated_at, key.second))
        page.entries.push_back({key.second, each.about.info.updated_at});
    return domain::merge_pages({std::move(page)}, query);
  }

  domain::result<std::optional<domain::wall_time>> updated_at(const std::string& tenant,
                                                              const std::string& id) override {
    auto found = find(tenant, id);
    if (!found)
      return std::move(found).error();
    return *found ? std::optional{(*found)->info.updated_at} : std::optional<domain::wall_time>{};
  }
  domain::result<std::optional<domain::idempotency_record>>
  find_idempotency_record(const std::string& tenant, const std::string& key) override {
    if (fails)
      return broken();
    const auto found = records.find({tenant, key});
    return found == records.end() ? std::optional<domain::idempotency_record>{}
                                  : std::optional{found->second};
  }
  bool sweep(const domain::retention&, domain::wall_time) override { return false; }
  void recover() override {}
  [[nodiscard]] domain::store_state state() const override {
    return {.reason = fails ? "the disk is full" : "", .conversations = kept.size()};
  }

  std::map<name, kept_conversation> kept;
  std::map<name, domain::idempotency_record> records; ///< by tenant and key
  std::vector<std::size_t> group_sizes;
  std::size_t loads = 0;
  bool fails = false;

private:
  static domain::error broken() {
    return {.code = domain::error_code::store_unavailable, .message = "broken"};
  }

  domain::store_outcome apply(const domain::append_turn& what) {
    const name key{what.after.tenant, what.after.info.id};
    const auto found = kept.find(key);
    if (found == kept.end() ? what.expected_last != 0
                            : found->second.about.last != what.expected_last)
      return domain::store_outcome::stale;
    auto& [about, turns] = kept[key];
    const auto head = about.head;
    about = what.after;
    about.last = what.expected_last + 1;
    about.head = what.turn.state == domain::stored_state::finished ? about.last : head;
    const auto parent = turns.find(what.turn.parent);
    const auto depth = parent == turns.end() ? 0 : parent->second.depth;
    if ((what.turn.parent != 0 && parent == turns.end())
        || what.turn.depth != depth + what.turn.messages.size()
        || (what.turn.parent == 0 && !what.turn.system_prompt))
      throw std::logic_error{"a turn that does not fit its parent"};
    turns.emplace(about.last, what.turn);
    return domain::store_outcome::committed;
  }
  domain::store_outcome apply(const domain::put_conversation& what) {
    const name key{what.what.tenant, what.what.info.id};
    if (what.fresh && kept.contains(key))
      return domain::store_outcome::stale;
    auto& about = kept[key].about;
    const auto [last, head] = std::pair{about.last, about.head};
    about = what.what;
    about.last = last;
    about.head = head;
    return domain::store_outcome::committed;
  }
  domain::store_outcome apply(const domain::remove_conversation_of& what) {
    const auto found = kept.find({what.tenant, what.id});
    if (found != kept.end() && !(what.unless_named && found->second.about.named))
      kept.erase(found);
    return domain::store_outcome::committed;
  }
  domain::store_outcome apply(const domain::put_idempotency_record& what) {
    records.insert_or_assign({what.what.tenant, what.what.key}, what.what);
    return domain::store_outcome::committed;
  }
};

/// Outlives gateways, as a file does.
class shared_store final : public domain::store {
public:
  explicit shared_store(std::shared_ptr<memory_store> disk)
    : disk_{std::move(disk)} {}

  std::vector<domain::store_outcome> write(std::span<const domain::store_write> writes) override {
    return disk_->write(writes);
  }
  domain::result<std::optional<domain::stored_dialogue>> load(const std::string& tenant,
                                                              const std::string& id) override {
    return disk_->load(tenant, id);
  }
  domain::result<std::optional<domain::stored_conversation>> find(const std::string& tenant,
                                                                  const std::string& id) override {
    return disk_->find(tenant, id);
  }
  domain::result<domain::conversation_page> list(const domain::page_query& query) override {
    return disk_->list(query);
  }
  domain::result<std::optional<domain::wall_time>> updated_at(const std::string& tenant,
                                                              const std::string& id) override {
    return disk_->updated_at(tenant, id);
  }
  domain::result<std::optional<domain::idempotency_record>>
  find_idempotency_record(const std::string& tenant, const std::string& key) override {
    return disk_->find_idempotency_record(tenant, key);
  }
  bool sweep(const domain::retention& keep, domain::wall_time now) override {
    return disk_->sweep(keep, now);
  }
  void recover() override { disk_->recover(); }
  [[nodiscard]] domain::store_state state() const override { return disk_->state(); }

private:
  std::shared_ptr<memory_store> disk_;
};

} // namespace ccapi::actors::test
