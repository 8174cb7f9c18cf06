#include "actors/turns/conversation_directory.hpp"

#include "actors/messages.hpp"
#include "domain/dialogue/open_calls.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

namespace ccapi::actors {

namespace {
/// What a record costs beside its text (list and map nodes, strings, the struct).
constexpr std::size_t record_overhead_bytes = 640;

std::size_t name_bytes(const conversation_record& record) {
  return record.tenant.size() + record.id.size();
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
  if (const auto known = find(tenant, id)) {
    touch(*known);
    return known;
  }
  auto record = std::make_shared<conversation_record>();
  record->tenant = tenant;
  record->id = id;
  record->number = ++last_number_;
  record->created_at = domain::wall_clock_now();
  record->updated_at = record->created_at;
  record->bytes = record_overhead_bytes + name_bytes(*record);
  insert(record);
  return record;
}

void conversation_directory::insert(const std::shared_ptr<conversation_record>& record) {
  record->part = &tenants_[record->tenant];
  record->part->bytes += record->bytes;
  record->part->by_use.push_front(record);
  record->place = record->part->by_use.begin();
  record->listed = true;
  known_.insert(record.get());
  bytes_ += record->bytes;
  forget_surplus(record.get());
}

void conversation_directory::take_back(const std::shared_ptr<conversation_record>& record) {
  if (!record->listed && !record->in_use() && !find(record->tenant, record->id))
    insert(record);
}

std::shared_ptr<conversation_record> conversation_directory::numbered(std::uint64_t number) const {
  const auto found = known_.get<by_number>().find(number);
  return found == known_.get<by_number>().end() ? nullptr : *(*found)->place;
}

std::shared_ptr<conversation_record>
conversation_directory::resting_at(const domain::dialogue& at) const {
  if (!at)
    return nullptr;
  const auto [first, last] = resting_.get<by_dialogue>().equal_range(at.get());
  return first == last ? nullptr : *std::prev(last)->who->place;
}

bool conversation_directory::rests_after_one_turn(const resting_conversation& resting,
                                                  const domain::dialogue_node& root) {
  constexpr std::size_t messages_of_one_turn = 2;
  return resting.at && &resting.at->root() == &root && resting.at->depth() <= messages_of_one_turn;
}

std::shared_ptr<conversation_record>
conversation_directory::one_turn_with(domain::process_id process,
                                      const domain::dialogue_node& root) const {
  // As many as there are processes on this thread.
  for (const auto& resting : resting_)
    if (resting.with == process && rests_after_one_turn(resting, root))
      return *resting.who->place;
  return nullptr;
}

std::shared_ptr<conversation_record>
conversation_directory::one_turn_from(const domain::dialogue_node& root,
                                      domain::steady_time limit) const {
  constexpr std::size_t looked_at_max = 64;
  std::size_t looked_at = 0;
  for (const auto& resting : resting_) {
    if (++looked_at > looked_at_max || resting.since > limit)
      break;
    if (rests_after_one_turn(resting, root))
      return *resting.who->place;
  }
  return nullptr;
}

std::shared_ptr<conversation_record>
conversation_directory::waiting_for(const std::string& call_id,
                                    const domain::dialogue_node& root) const {
  for (const auto& each : resting_) {
    const auto& who = *each.who;
    if (who.named || !who.head || !who.process || who.process->open_calls == 0
        || &who.head->root() != &root)
      continue;
    const auto ids =
      who.open_calls.empty() ? domain::ids_of_calls(who.head->said()) : who.open_calls;
    if (std::find(ids.begin(), ids.end(), call_id) != ids.end())
      return *who.place;
  }
  return nullptr;
}

void conversation_directory::touch(conversation_record& record) {
  if (record.listed)
    record.part->by_use.splice(record.part->by_use.begin(), record.part->by_use, record.place);
}

std::shared_ptr<conversation_record> conversation_directory::find(const std::string& tenant,
                                                                  const std::string& id) const {
  const auto found = known_.get<by_name>().find(std::tie(tenant, id));
  return found == known_.get<by_name>().end() ? nullptr : *(*found)->place;
}

std::shared_ptr<conversation_record> conversation_directory::remove(const std::string& tenant,
                                                                    const std::string& id) {
  auto record = find(tenant, id);
  if (record)
    drop(*record);
  return record;
}

void conversation_directory::forget(conversation_record& record) {
  if (record.listed)
    drop(record);
}

void conversation_directory::leave_to_store(conversation_record& record) {
  if (record.rests_in_store())
    forget(record);
}

std::vector<std::shared_ptr<conversation_record>> conversation_directory::records() const {
  std::vector<std::shared_ptr<conversation_record>> all;
  all.reserve(known_.size());
  for (const auto& [tenant, part] : tenants_)
    all.insert(all.end(), part.by_use.begin(), part.by_use.end());
  return all;
}

domain::conversation_page conversation_directory::page(const domain::page_query& query) const {
  std::vector<const conversation_record*> mine;
  if (const auto part = tenants_.find(query.tenant); part != tenants_.end())
    for (const auto& record : part->second.by_use)
      if (!record->listed_by_store() && query.wants(record->updated_at, record->id))
        mine.push_back(record.get());
  const auto shown = static_cast<std::ptrdiff_t>(std::min(query.limit, mine.size()));
  std::partial_sort(mine.begin(), mine.begin() + shown, mine.end(),
                    [&](const conversation_record* a, const conversation_record* b) {
                      return query.comes_before(a->updated_at, a->id, b->updated_at, b->id);
                    });
  domain::conversation_page page{.entries = {}, .more = mine.size() > query.limit};
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
  record.bytes = record_overhead_bytes + name_bytes(record);
  for (const auto& [name, value] : record.labels)
    record.bytes += name.size() + value.size();
  for (const auto& turn : record.interrupted)
    record.bytes += domain::heap_bytes(turn.query) + domain::heap_bytes(turn.said);
  for (const auto& id : record.open_calls)
    record.bytes += sizeof(std::string) + domain::heap_bytes(id);
  bytes_ += record.bytes;
  record.part->bytes += record.bytes;
  forget_surplus(&record);
}

void conversation_directory::rest(conversation_record& record, const domain::dialogue& at,
                                  domain::steady_time now, domain::process_id process) {
  wake(record);
  if (record.listed)
    record.resting_place = resting_
                             .insert(resting_.end(), {.who = &record,
                                                      .at = record.named ? domain::dialogue{} : at,
                                                      .since = now,
                                                      .with = process})
                             .first;
}

void conversation_directory::wake(conversation_record& record) {
  if (const auto place = std::exchange(record.resting_place, std::nullopt))
    resting_.erase(*place);
}

std::optional<domain::steady_time> conversation_directory::longest_rest() const {
  return resting_.empty() ? std::nullopt : std::optional{resting_.front().since};
}

std::shared_ptr<conversation_record>
conversation_directory::take_rested(domain::steady_time limit) {
  if (resting_.empty() || resting_.front().since > limit)
    return nullptr;
  auto record = *resting_.front().who->place;
  wake(*record);
  return record;
}

void conversation_directory::entrust(const std::shared_ptr<conversation_record>& record,
                                     claude_process_actor handle, domain::process_id process) {
  record->process = std::make_unique<held_process>(std::move(handle), process);
  holders_[process] = record;
}

void conversation_directory::hand_over(conversation_record& from,
                                       const std::shared_ptr<conversation_record>& to) {
  wake(from);
  to->process = std::move(from.process);
  holders_[to->process->id()] = to;
  changed(from);
}

std::shared_ptr<conversation_record>
conversation_directory::process_ended(domain::process_id process) {
  const auto had_it = holders_.extract(process);
  auto record = had_it ? had_it.mapped().lock() : nullptr;
  const bool has_it = record && record->process && record->process->id() == process;
  return has_it ? std::move(record) : nullptr;
}

void conversation_directory::forget_surplus(const conversation_record* keep) {
  while ((known_.size() > records_max_ || bytes() > bytes_max_) && forget_one(keep)) {
  }
}

bool conversation_directory::forget_one(const conversation_record* keep) {
  const bool too_many = known_.size() > records_max_;
  const auto fair_share = (too_many ? records_max_ : bytes_max_) / std::max(tenants_.size(), 1UL);
  std::vector<std::pair<std::size_t, const tenant_part*>> parts;
  parts.reserve(tenants_.size());
  for (const auto& [tenant, part] : tenants_)
    parts.emplace_back(too_many ? part.by_use.size() : part.bytes + dialogues_->bytes_of(tenant),
                       &part);
  std::sort(parts.begin(), parts.end(),
            [](const auto& left, const auto& right) { return left.first > right.first; });
  for (const auto& [size, part] : parts) {
    if (size <= fair_share)
      return false; // whoever has more is using all of it right now
    for (auto place = part->by_use.rbegin(); place != part->by_use.rend(); ++place)
      if (auto& record = **place; !record.in_use() && &record != keep) {
        drop(record);
        return true;
      }
  }
  return false;
}

void conversation_directory::drop(conversation_record& record) {
  wake(record);
  bytes_ -= record.bytes;
  known_.get<by_number>().erase(record.number);
  record.listed = false;
  auto& part = *std::exchange(record.part, nullptr);
  part.bytes -= record.bytes;
  const auto last_copy = *record.place; // its name is needed once more
  part.by_use.erase(record.place);
  if (part.by_use.empty())
    tenants_.erase(last_copy->tenant);
}

} // namespace ccapi::actors
