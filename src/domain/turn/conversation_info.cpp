#include "domain/turn/conversation_info.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_set>

namespace ccapi::domain {

conversation_page merge_pages(std::vector<conversation_page> parts, const page_query& query) {
  conversation_page all;
  for (auto& part : parts) {
    all.more = all.more || part.more;
    std::move(part.entries.begin(), part.entries.end(), std::back_inserter(all.entries));
  }
  std::sort(all.entries.begin(), all.entries.end(),
            [&](const conversation_entry& a, const conversation_entry& b) {
              return query.comes_before(a.updated_at, a.id, b.updated_at, b.id);
            });
  // One that was committed between two looks is in two parts.
  std::unordered_set<std::string_view> seen;
  seen.reserve(all.entries.size());
  std::erase_if(all.entries,
                [&](const conversation_entry& entry) { return !seen.insert(entry.id).second; });
  if (all.entries.size() > query.limit) {
    all.entries.resize(query.limit);
    all.more = true;
  }
  return all;
}

} // namespace ccapi::domain
