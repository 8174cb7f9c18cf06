// bench_matching: what finding a request's dialogue costs. Prints markdown. Floor: reading the same
// texts twice, once as a hash and once as a comparison, as every exact search must.

#include "domain/dialogue/prefix_index.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <malloc.h>
#include <span>
#include <string>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace {

using namespace ccapi::domain;
using clock_type = std::chrono::steady_clock;

constexpr int pairs = 301;

std::vector<message> history(std::size_t messages, std::size_t bytes_each, const char* salt) {
  std::vector<message> made;
  for (std::size_t i = 0; i < messages; ++i)
    made.push_back({i % 2 == 0 ? role::user : role::assistant,
                    salt + std::to_string(i) + std::string(bytes_each, 'x')});
  return made;
}

dialogue grow(prefix_index& index, dialogue from, const std::vector<message>& messages) {
  for (const auto& entry : messages)
    from = index.append(from, entry);
  return from;
}

template <class Work>
double microseconds(Work work) {
  const auto begin = clock_type::now();
  work();
  return std::chrono::duration<double, std::micro>(clock_type::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

/// Of the messages here, each of which is one text.
std::string_view text_of(const message& what) {
  std::string_view text;
  each_piece(what, 0, [&text](std::string_view piece) { text = piece; });
  return text;
}

volatile std::uint64_t sink;

void compare(const prefix_index& index, const dialogue_root& root,
             const std::vector<message>& known, std::size_t asked, const char* name) {
  auto request = known; // another copy in memory, as a request is
  request.resize(asked);
  const std::span given{request};
  std::vector<double> floor;
  std::vector<double> found;
  std::vector<double> ratio;
  for (int i = 0; i < pairs; ++i) {
    floor.push_back(microseconds([&] {
      std::uint64_t sum = 0;
      for (std::size_t at = 0; at < given.size(); ++at) {
        const auto text = text_of(given[at]);
        const auto same = text_of(known[at]);
        sum += XXH3_64bits(text.data(), text.size());
        sum += static_cast<std::uint64_t>(std::memcmp(text.data(), same.data(), same.size()));
      }
      sink = sum;
    }));
    found.push_back(microseconds([&] { sink = index.longest(root, given)->depth(); }));
    ratio.push_back(found.back() / floor.back());
  }
  std::printf("| %s | %.1f | %.1f | %.2f |\n", name, median(found), median(floor), median(ratio));
}

} // namespace

int main() {
  prefix_index index;
  const dialogue_root root{"", "sonnet", "chat", "Be brief."};
  std::vector<dialogue> heads;
  // 5,000 dialogues of ten turns: 100,000 messages beside what is measured.
  const auto before = mallinfo2().uordblks;
  std::size_t texts = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto messages = history(20, 0, (std::to_string(i) + '-').c_str());
    heads.push_back(grow(index, index.root(root), messages));
    for (const auto& entry : messages)
      texts += text_of(entry).size();
  }
  const auto held = mallinfo2().uordblks - before;
  const auto small = history(10, 400, "s");
  const auto large = history(100, 1000, "l");
  const auto long_one = history(2000, 200, "m");
  for (const auto* each : {&small, &large, &long_one})
    heads.push_back(grow(index, index.root(root), *each));
  std::printf("| history | found in, us | floor, us | ratio |\n|---|---|---|---|\n");
  compare(index, root, small, small.size(), "10 messages, 4 KB, all known");
  compare(index, root, large, large.size(), "100 messages, 100 KB, all known");
  compare(index, root, large, 51, "of it the first half");
  compare(index, root, long_one, long_one.size(), "2,000 messages, 400 KB, all known");
  std::printf("\n%zu messages known: %.1f MB (%zu bytes each, texts of %zu bytes included)\n",
              index.size(), static_cast<double>(held) / 1e6, held / 100'001, texts / 100'000);
  return 0;
}
