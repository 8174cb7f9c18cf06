#include "domain/turn/conversation_info.hpp"

#include <algorithm>
#include <iterator>

namespace ccapi::domain {

conversation_page merge_pages(std::vector<conversation_page> parts, std::size_t limit) {
  conversation_page all;
  for (auto& part : parts) {
    all.more = all.more || part.more;
    std::move(part.entries.begin(), part.entries.end(), std::back_inserter(all.entries));
  }
  std::sort(all.entries.begin(), all.entries.end(),
            [](const conversation_entry& a, const conversation_entry& b) {
              return comes_before(a.updated_at, a.id, b.updated_at, b.id);
            });
  if (all.entries.size() > limit) {
    all.entries.resize(limit);
    all.more = true;
  }
  return all;
}

} // namespace ccapi::domain
