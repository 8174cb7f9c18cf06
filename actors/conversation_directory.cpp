#include "actors/conversation_directory.hpp"

#include "actors/messages.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace ccapi::actors {

namespace {
/// What a record costs beside its text (list and map nodes, strings, the struct).
constexpr std::size_t record_overhead_bytes = 640;

std::string key_of(const std::string& tenant, const std::string& id) {
  return tenant + '/' + id;
}
} // namespace

domain::conversation_info conversation_record::info() const {
  return {.id = id,
          .created_at = created_at,
          .updated_at = updated_at,
          .message_count = head ? head->depth() : 0,
          .turn_count = turn_count,
          .total_tokens = total_tokens,
          .model = model,
          .labels = labels};
}

conversation_directory::conversation_directory(std::size_t records_max, std::size_t bytes_max)
  : records_max_{records_max},
    bytes_max_{bytes_max} {}

void conversation_directory::set_limits(std::size_t records_max, std::size_t bytes_max) {
  records_max_ = records_max;
  bytes_max_ = bytes_max;
  forget_surplus(nullptr);
}

std::shared_ptr<conversation_record> conversation_directory::obtain(const std::string& tenant,
                                                                    const std::string& id) {
  auto key = key_of(tenant, id);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    touch(*found->second);
    return *found->second->place;
  }
  auto record = std::make_shared<conversation_record>();
  record->tenant = tenant;
  record->id = id;
  record->number = ++last_number_;
  record->key = std::move(key);
  record->created_at = std::chrono::system_clock::now();
  record->updated_at = record->created_at;
  record->bytes = record_overhead_bytes + 2 * record->key.size();
  record->part = &tenants_[tenant];
  record->part->bytes += record->bytes;
  record->part->by_use.push_front(record);
  record->place = record->part->by_use.begin();
  by_key_.emplace(record->key, record.get());
  by_number_.emplace(record->number, record.get());
  bytes_ += record->bytes;
  forget_surplus(record.get());
  return record;
}

std::shared_ptr<conversation_record> conversation_directory::numbered(std::uint64_t number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : *found->second->place;
}

std::shared_ptr<conversation_record>
conversation_directory::resting_at(const domain::dialogue& at) const {
  const auto found = resting_at_.find(at.get());
  return found == resting_at_.end() ? nullptr : *found->second.back()->place;
}

bool conversation_directory::rests_after_one_turn(const conversation_record& record,
                                                  const domain::dialogue_node& root) {
  constexpr std::size_t messages_of_one_turn = 2;
  return record.rests_at && &record.rests_at->root() == &root
         && record.rests_at->depth() <= messages_of_one_turn;
}

std::shared_ptr<conversation_record>
conversation_directory::one_turn_with(domain::process_id process,
                                      const domain::dialogue_node& root) const {
  // As many as there are processes on this thread.
  for (auto* record : resting_)
    if (record->rests_with == process && rests_after_one_turn(*record, root))
      return *record->place;
  return nullptr;
}

std::shared_ptr<conversation_record>
conversation_directory::one_turn_from(const domain::dialogue_node& root,
                                      domain::steady_time limit) const {
  constexpr std::size_t looked_at_max = 64;
  std::size_t looked_at = 0;
  for (auto* record : resting_) {
    if (++looked_at > looked_at_max || *record->rests_since > limit)
      break;
    if (rests_after_one_turn(*record, root))
      return *record->place;
  }
  return nullptr;
}

void conversation_directory::touch(conversation_record& record) {
  if (record.listed)
    record.part->by_use.splice(record.part->by_use.begin(), record.part->by_use, record.place);
}

std::shared_ptr<conversation_record> conversation_directory::find(const std::string& tenant,
                                                                  const std::string& id) const {
  const auto found = by_key_.find(key_of(tenant, id));
  return found == by_key_.end() ? nullptr : *found->second->place;
}

std::shared_ptr<conversation_record> conversation_directory::remove(const std::string& tenant,
                                                                    const std::string& id) {
  auto record = find(tenant, id);
  if (record)
    drop(*record);
  return record;
}

std::vector<std::shared_ptr<conversation_record>> conversation_directory::records() const {
  std::vector<std::shared_ptr<conversation_record>> all;
  all.reserve(by_key_.size());
  for (const auto& [tenant, part] : tenants_)
    all.insert(all.end(), part.by_use.begin(), part.by_use.end());
  return all;
}

domain::conversation_page conversation_directory::page(const std::string& tenant,
                                                       std::size_t limit) const {
  std::vector<const conversation_record*> mine;
  if (const auto part = tenants_.find(tenant); part != tenants_.end())
    for (const auto& record : part->second.by_use)
      mine.push_back(record.get());
  const auto shown = static_cast<std::ptrdiff_t>(std::min(limit, mine.size()));
  std::partial_sort(mine.begin(), mine.begin() + shown, mine.end(),
                    [](const conversation_record* a, const conversation_record* b) {
                      return domain::comes_before(a->updated_at, a->id, b->updated_at, b->id);
                    });
  domain::conversation_page page{.entries = {}, .more = mine.size() > limit};
  mine.resize(static_cast<std::size_t>(shown));
  for (const auto* record : mine)
    page.entries.push_back({record->id, record->updated_at});
  return page;
}

void conversation_directory::changed(conversation_record& record) {
  if (!record.listed)
    return;
  bytes_ -= record.bytes;
  record.part->bytes -= record.bytes;
  record.bytes = record_overhead_bytes + 2 * record.key.size();
  for (const auto& [name, value] : record.labels)
    record.bytes += name.size() + value.size();
  for (const auto& turn : record.interrupted)
    record.bytes += domain::heap_bytes(turn.query) + domain::heap_bytes(turn.said);
  bytes_ += record.bytes;
  record.part->bytes += record.bytes;
  forget_surplus(&record);
}

void conversation_directory::rest(conversation_record& record, const domain::dialogue& at,
                                  domain::steady_time now, domain::process_id process) {
  wake(record);
  if (!record.listed)
    return;
  record.rests_since = now;
  record.rests_with = process;
  record.resting_place = resting_.insert(resting_.end(), &record);
  if (record.named || !at)
    return;
  record.rests_at = at;
  auto& there = resting_at_[at.get()];
  record.resting_at_place = there.insert(there.end(), &record);
}

void conversation_directory::wake(conversation_record& record) {
  if (!record.rests_since)
    return;
  record.rests_since.reset();
  resting_.erase(record.resting_place);
  if (!record.rests_at)
    return;
  const auto there = resting_at_.find(record.rests_at.get());
  there->second.erase(record.resting_at_place);
  if (there->second.empty())
    resting_at_.erase(there);
  record.rests_at.reset();
}

std::optional<domain::steady_time> conversation_directory::longest_rest() const {
  return resting_.empty() ? std::nullopt : resting_.front()->rests_since;
}

std::shared_ptr<conversation_record>
conversation_directory::take_rested(domain::steady_time limit) {
  if (resting_.empty() || *resting_.front()->rests_since > limit)
    return nullptr;
  auto record = *resting_.front()->place;
  wake(*record);
  return record;
}

void conversation_directory::forget_surplus(const conversation_record* keep) {
  while ((by_key_.size() > records_max_ || bytes() > bytes_max_) && forget_one(keep)) {
  }
}

bool conversation_directory::forget_one(const conversation_record* keep) {
  const bool by_number = by_key_.size() > records_max_;
  const auto fair_share = (by_number ? records_max_ : bytes_max_) / std::max(tenants_.size(), 1UL);
  std::vector<std::pair<std::size_t, const tenant_part*>> parts;
  parts.reserve(tenants_.size());
  for (const auto& [tenant, part] : tenants_)
    parts.emplace_back(by_number ? part.by_use.size() : part.bytes + dialogues_->bytes_of(tenant),
                       &part);
  std::sort(parts.begin(), parts.end(),
            [](const auto& left, const auto& right) { return left.first > right.first; });
  for (const auto& [size, part] : parts) {
    if (size <= fair_share)
      return false; // whoever has more is using all of it right now
    for (auto place = part->by_use.rbegin(); place != part->by_use.rend(); ++place)
      if (auto& record = **place; !record.actor && record.turns_in_mail == 0 && &record != keep) {
        drop(record);
        return true;
      }
  }
  return false;
}

void conversation_directory::drop(conversation_record& record) {
  wake(record);
  bytes_ -= record.bytes;
  by_key_.erase(record.key);
  by_number_.erase(record.number);
  record.listed = false;
  auto& part = *std::exchange(record.part, nullptr);
  part.bytes -= record.bytes;
  const auto last_copy = *record.place; // its name is needed once more
  part.by_use.erase(record.place);
  if (part.by_use.empty())
    tenants_.erase(last_copy->tenant);
}

} // namespace ccapi::actors
