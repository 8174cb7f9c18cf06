#include "actors/conversation_directory.hpp"

#include "actors/messages.hpp"

namespace ccapi::actors {

namespace {
/// What a record costs beside its text (list and map nodes, strings, the struct).
constexpr std::size_t record_overhead_bytes = 512;
} // namespace

conversation_directory::conversation_directory(std::size_t records_max, std::size_t bytes_max)
  : records_max_{records_max},
    bytes_max_{bytes_max} {}

void conversation_directory::set_limits(std::size_t records_max, std::size_t bytes_max) {
  records_max_ = records_max;
  bytes_max_ = bytes_max;
  forget_surplus(nullptr);
}

std::shared_ptr<conversation_record> conversation_directory::obtain(const std::string& id) {
  if (const auto found = by_id_.find(id); found != by_id_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second->place);
    return by_use_.front();
  }
  auto record = std::make_shared<conversation_record>();
  record->id = id;
  record->bytes = record_overhead_bytes + id.size();
  by_use_.push_front(record);
  record->place = by_use_.begin();
  by_id_.emplace(record->id, record.get());
  bytes_ += record->bytes;
  forget_surplus(record.get());
  return record;
}

void conversation_directory::changed(conversation_record& record) {
  bytes_ -= record.bytes;
  record.bytes =
    record_overhead_bytes + record.id.size() + (record.transcript ? record.transcript->bytes() : 0);
  for (const auto& turn : record.interrupted)
    record.bytes += turn.query.text.size() + turn.said.size();
  bytes_ += record.bytes;
  forget_surplus(&record);
}

void conversation_directory::rest(conversation_record& record, domain::steady_time now) {
  wake(record);
  record.rests_since = now;
  record.resting_place = resting_.insert(resting_.end(), &record);
}

void conversation_directory::wake(conversation_record& record) {
  if (!record.rests_since)
    return;
  record.rests_since.reset();
  resting_.erase(record.resting_place);
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
  auto place = by_use_.end();
  while ((by_id_.size() > records_max_ || bytes_ > bytes_max_) && place != by_use_.begin()) {
    --place;
    auto& record = **place;
    if (record.actor || record.turns_in_mail > 0 || &record == keep)
      continue;
    wake(record);
    bytes_ -= record.bytes;
    by_id_.erase(record.id);
    place = by_use_.erase(place);
  }
}

} // namespace ccapi::actors
