#include "http/answers/keyed_answers.hpp"

#include <utility>

namespace ccapi::http {

namespace {

/// What an entry takes beside its answer and twice its name: in tables, and the run's own.
constexpr std::size_t entry_bytes = 1024;

} // namespace

void keyed_answers::set(const limits& within) {
  const std::lock_guard lock{mutex_};
  limits_ = within;
  while (bytes_ > limits_.bytes_max && !order_.empty())
    remove(entries_.find(*order_.front()));
}

std::chrono::milliseconds keyed_answers::grace() const {
  const std::lock_guard lock{mutex_};
  return limits_.grace;
}

std::chrono::milliseconds keyed_answers::age_max() const {
  const std::lock_guard lock{mutex_};
  return limits_.age_max;
}

std::size_t keyed_answers::bytes() const {
  const std::lock_guard lock{mutex_};
  return bytes_;
}

keyed_answers::finding keyed_answers::claim(const std::string& name, std::string_view fingerprint,
                                            const std::function<std::shared_ptr<keyed_run>()>& make,
                                            time_point now) {
  const std::lock_guard lock{mutex_};
  expire(now);
  auto found = entries_.find(name);
  if (found != entries_.end() && is_expired(found->second, now)) { // kept late, behind others
    remove(found);
    found = entries_.end();
  }
  if (found != entries_.end()) {
    const auto& there = found->second;
    if (there.fingerprint != fingerprint)
      return {.is = there.unsure ? state::unsure : state::other_request};
    if (there.answer)
      return {.is = state::answered, .answer = there.answer};
    return {.is = state::in_work, .run = there.run};
  }
  const auto bytes = entry_bytes + 2 * name.size();
  if (!make_room(bytes))
    return {.is = state::no_room};
  entry made{.fingerprint = std::string{fingerprint}, .run = make(), .answer = {}, .bytes = bytes};
  made.node.push_back(nullptr);
  made.place = made.node.begin();
  const auto place = entries_.emplace(name, std::move(made)).first;
  *place->second.place = &place->first;
  bytes_ += bytes;
  return {.is = state::fresh, .run = place->second.run};
}

void keyed_answers::found_new(const std::string& name) {
  const std::lock_guard lock{mutex_};
  if (const auto found = entries_.find(name); found != entries_.end())
    found->second.unsure = false;
}

bool keyed_answers::charge(const std::string& name, std::size_t bytes) {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(name);
  if (found == entries_.end())
    return false;
  auto& of = found->second;
  const auto wanted = entry_bytes + 2 * name.size() + bytes;
  if (wanted > of.bytes && !make_room(wanted - of.bytes))
    return false;
  bytes_ += wanted - of.bytes; // maybe less: unsigned wraps around and back
  of.bytes = wanted;
  return true;
}

void keyed_answers::keep(const std::string& name, std::shared_ptr<const answer_log> answer,
                         time_point ended) {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(name);
  if (found == entries_.end())
    return;
  auto& of = found->second;
  order_.splice(order_.end(), of.node);
  kept_bytes_ += of.bytes;
  of.run.reset();
  of.answer = std::move(answer);
  of.unsure = false;
  of.kept_at = ended;
}

void keyed_answers::drop(const std::string& name) {
  const std::lock_guard lock{mutex_};
  if (const auto found = entries_.find(name); found != entries_.end())
    remove(found);
}

void keyed_answers::remove(entries::iterator which) {
  bytes_ -= which->second.bytes;
  if (which->second.answer) {
    kept_bytes_ -= which->second.bytes;
    order_.erase(which->second.place);
  }
  entries_.erase(which);
}

bool keyed_answers::make_room(std::size_t more) {
  if (bytes_ - kept_bytes_ + more > limits_.bytes_max)
    return false; // nothing that is kept goes in vain
  while (bytes_ + more > limits_.bytes_max)
    remove(entries_.find(*order_.front()));
  return true;
}

bool keyed_answers::is_expired(const entry& which, time_point now) const {
  return which.answer && now - which.kept_at > limits_.age_max;
}

void keyed_answers::expire(time_point now) {
  while (!order_.empty()) {
    const auto oldest = entries_.find(*order_.front());
    if (!is_expired(oldest->second, now))
      return;
    remove(oldest);
  }
}

} // namespace ccapi::http
