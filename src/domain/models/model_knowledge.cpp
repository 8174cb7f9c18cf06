#include "domain/models/model_knowledge.hpp"

namespace ccapi::domain {

model_knowledge::known_model model_knowledge::look_up(std::string_view asked) const {
  const std::lock_guard lock{mutex_};
  const auto name = names_.find(asked);
  known_model known{.id = name == names_.end() ? std::string{asked} : name->second, .refused = {}};
  if (const auto found = refused_.find(known.id); found != refused_.end())
    known.refused = found->second;
  return known;
}

void model_knowledge::learn_name(std::string_view asked, std::string_view id) {
  if (asked.empty() || id.empty() || asked == id)
    return;
  const std::lock_guard lock{mutex_};
  if (const auto found = names_.find(asked); found != names_.end())
    found->second = id;
  else if (names_.size() < entries_max)
    names_.emplace(asked, id);
}

bool model_knowledge::learn_refusal(std::string_view id, std::string_view parameter) {
  const std::lock_guard lock{mutex_};
  auto found = refused_.find(id);
  if (found == refused_.end()) {
    if (refused_.size() >= entries_max)
      return false;
    found = refused_.emplace(id, refused_parameters{}).first;
  }
  return note_refused(found->second, parameter);
}

void model_knowledge::forget() {
  const std::lock_guard lock{mutex_};
  names_.clear();
  refused_.clear();
}

} // namespace ccapi::domain
