#include "config/nearest.hpp"

#include "config/schema.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace ccapi::config {

namespace {

/// Longer names are not compared: a key has at most 40 characters.
constexpr std::size_t name_length_max = 80;

/// Insertions, deletions and replacements that make `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string_view leaf(std::string_view name) noexcept {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

std::size_t distance(std::string_view name, std::string_view known) {
  // A forgotten unit ("claude.timeout") or a key in the wrong section are near, however long.
  if (known.starts_with(name) && known[name.size()] == '_')
    return 1;
  if (leaf(known) == leaf(name))
    return 2;
  return edit_distance(name, known);
}

} // namespace

std::string_view nearest_key(std::string_view name) {
  if (name.empty() || name.size() > name_length_max)
    return {};
  std::string_view best;
  auto best_distance = std::max<std::size_t>(3, name.size() / 4) + 1;
  for (const auto& row : keys())
    if (const auto steps = distance(name, row.name); steps < best_distance) {
      best = row.name;
      best_distance = steps;
    }
  return best;
}

} // namespace ccapi::config
