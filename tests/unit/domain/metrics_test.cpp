// The table of metrics: what is made of its rows, and what the page of the API says of them.

#include "domain/metrics/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace ccapi::domain {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// As the page has it: "`group.name`", or "`group.label`, `label`, ...", of many the first and
/// last.
std::string shown_name(const metric& row) {
  std::string text = '`' + std::string{row.group} + '.';
  if (row.labels.empty())
    return text + std::string{row.name} + '`';
  constexpr std::size_t listed_max = 8;
  if (row.labels.size() > listed_max)
    return text + std::string{row.labels.front()} + "`, …, `" + std::string{row.labels.back()}
           + '`';
  for (const auto label : row.labels)
    text += (label == row.labels.front() ? "" : ", `") + std::string{label} + '`';
  return text;
}

std::string table_for_the_page() {
  std::string table = "| figure | kind | unit | meaning |\n|---|---|---|---|\n";
  for (const auto& row : metrics())
    table += "| " + shown_name(row) + " | " + std::string{to_string(row.kind)} + " | "
             + std::string{row.unit} + " | " + std::string{row.help} + " |\n";
  return table;
}

const metric& row_named(std::string_view group, std::string_view name) {
  const auto rows = metrics();
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const metric& row) { return row.group == group && row.name == name; });
}

std::uint64_t number(const stats& of, std::string_view group, std::string_view name) {
  return std::get<std::uint64_t>(row_named(group, name).read(of));
}

TEST(metrics, a_name_stands_once_and_groups_stand_together) {
  std::set<std::string> names;
  std::set<std::string_view> groups;
  std::string_view group;
  for (const auto& row : metrics()) {
    if (row.group != group) {
      EXPECT_TRUE(groups.insert(row.group).second) << row.group;
    }
    group = row.group;
    EXPECT_TRUE(names.insert(shown_name(row)).second) << shown_name(row);
    EXPECT_NE(row.name.empty(), row.labels.empty()) << shown_name(row);
    EXPECT_FALSE(row.unit.empty() || row.help.empty()) << shown_name(row);
  }
}

/// Something in each figure that has a member.
stats one_of_each() {
  stats made;
#define CCAPI_NUMBER(member, ...) made.member = 1;
#define CCAPI_LABELLED(label, member, ...) made.member.fill(1);
#define CCAPI_TIMES(member, ...) made.member.add(std::chrono::microseconds{1});
#define CCAPI_NOTHING(...)
  CCAPI_METRICS(CCAPI_NUMBER, CCAPI_NUMBER, CCAPI_LABELLED, CCAPI_TIMES, CCAPI_NOTHING)
#undef CCAPI_NUMBER
#undef CCAPI_LABELLED
#undef CCAPI_TIMES
#undef CCAPI_NOTHING
  return made;
}

/// The least of what a row shows.
struct least {
  std::uint64_t operator()(std::uint64_t number) const { return number; }
  std::uint64_t operator()(std::span<const std::uint64_t> numbers) const {
    return *std::min_element(numbers.begin(), numbers.end());
  }
  std::uint64_t operator()(const duration_histogram* times) const { return times->count(); }
};

TEST(metrics, a_row_is_all_that_a_figure_needs) {
  const auto part = one_of_each();
  stats sum;
  sum += part;
  sum += part;
  for (const auto& row : metrics()) {
    const auto in_part = std::visit(least{}, row.read(part));
    EXPECT_GE(in_part, 1u) << shown_name(row) << " shows no member";
    EXPECT_EQ(std::visit(least{}, row.read(sum)), 2 * in_part)
      << shown_name(row) << " is left out when parts are added up";
  }
}

TEST(metrics, parts_of_threads_add_up) {
  stats sum;
  sum.turns_submitted = 1;
  sum.matches = {1, 2, 3, 4, 5};
  stats part;
  part.turns_submitted = 2;
  part.processes_live = 3;
  part.matches = {10, 10, 10, 10, 10};
  part.wait_times.add(std::chrono::microseconds{5});
  part.prompt_tokens = 6;
  part.completion_tokens = 7;
  sum += part;
  sum += part;
  EXPECT_EQ(number(sum, "turns", "submitted"), 5U);
  EXPECT_EQ(number(sum, "processes", "live"), 6U);
  EXPECT_EQ(number(sum, "tokens", "total"), 26U);
  EXPECT_EQ(sum.matches, (std::array<std::uint64_t, 5>{21, 22, 23, 24, 25}));
  const auto times = row_named("times", "wait").read(sum);
  EXPECT_EQ(std::get<const duration_histogram*>(times)->count(), 2U);
}

TEST(metrics, an_answer_counts_by_its_first_digit) {
  for (const unsigned status : {200U, 204U, 304U, 400U, 499U, 500U, 505U})
    EXPECT_EQ(to_string(status_class_of(status)), std::to_string(status / 100) + "xx");
}

TEST(metrics, page_of_the_api_is_up_to_date) {
  const auto table = table_for_the_page();
  const auto page = file_text(CCAPI_FIXTURES "/../../docs/api.md");
  EXPECT_NE(page.find("\n\n" + table + '\n'), std::string::npos)
    << "docs/api.md needs this table below \"Health and statistics\":\n"
    << table;
}

} // namespace
} // namespace ccapi::domain
