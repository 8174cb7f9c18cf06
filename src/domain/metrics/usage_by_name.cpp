#include "domain/metrics/usage_by_name.hpp"

namespace ccapi::domain {

void usage_by_name::add(std::string_view name, const usage_figures& more) {
  auto found = entries_.find(name);
  if (found == entries_.end())
    found = entries_.try_emplace(std::string{entries_.size() < names_max ? name : others}).first;
  found->second += more;
}

usage_by_name& usage_by_name::operator+=(const usage_by_name& part) {
  for (const auto& [name, figures] : part.entries_)
    add(name, figures);
  return *this;
}

} // namespace ccapi::domain
