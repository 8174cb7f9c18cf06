// The description of the API says what the table of endpoints says.

#include "domain/metrics/metrics.hpp"
#include "http/endpoints.hpp"
#include "http/openapi_document.hpp"
#include "http/router.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::http {
namespace {

const boost::json::object& document() {
  static const auto parsed = boost::json::parse(openapi_document("1.2.3")).as_object();
  return parsed;
}

std::string lower(std::string_view verb) {
  std::string text{verb};
  for (auto& c : text)
    c = static_cast<char>(c | 0x20);
  return text;
}

TEST(openapi, is_json_with_the_version_filled_in) {
  EXPECT_EQ(document().at("openapi").as_string(), "3.1.0");
  EXPECT_EQ(document().at("info").at("version").as_string(), "1.2.3");
}

TEST(openapi, describes_every_endpoint_and_nothing_else) {
  std::set<std::string> served;
  for (const auto& each : api) {
    const std::string pattern{each.pattern};
    served.insert(lower(to_string(each.verb)) + ' ' + pattern);
    served.insert("options " + pattern);
    if (each.verb == method::get)
      served.insert("head " + pattern);
  }
  std::set<std::string> described;
  for (const auto& [path, item] : document().at("paths").as_object()) {
    const std::string_view text{path.data(), path.size()};
    const auto pattern = text.starts_with("/v1/") ? text.substr(3) : text;
    for (const auto& [key, operation] : item.as_object())
      if (key != "parameters")
        described.insert(std::string{key} + ' ' + std::string{pattern});
  }
  EXPECT_EQ(served, described);
}

TEST(openapi, its_paths_are_served_as_they_stand_there) {
  for (const auto& [path, item] : document().at("paths").as_object())
    EXPECT_NE(find_route(method::options, {path.data(), path.size()}).found, nullptr) << path;
}

/// Every "$ref" leads somewhere.
void check_references(const boost::json::value& value) {
  if (const auto* array = value.if_array())
    for (const auto& each : *array)
      check_references(each);
  const auto* object = value.if_object();
  if (!object)
    return;
  for (const auto& [key, each] : *object) {
    if (key == "$ref") {
      boost::json::error_code failure;
      const std::string_view target{each.as_string().data(), each.as_string().size()};
      const boost::json::value whole(document());
      EXPECT_NE(whole.find_pointer(target.substr(1), failure), nullptr) << target;
    }
    check_references(each);
  }
}

TEST(openapi, its_references_lead_somewhere) {
  check_references(document());
}

/// What each group of /stats holds, both in order.
using group_list = std::vector<std::pair<std::string, std::vector<std::string>>>;

group_list groups_of_the_table() {
  group_list groups;
  for (const auto& row : domain::metrics()) {
    if (groups.empty() || groups.back().first != row.group)
      groups.push_back({std::string{row.group}, {}});
    auto& members = groups.back().second;
    if (row.labels.empty())
      members.emplace_back(row.name);
    members.insert(members.end(), row.labels.begin(), row.labels.end());
  }
  return groups;
}

std::string schema_of(const domain::metric& row) {
  return row.kind == domain::metric_kind::histogram ? R"({"$ref":"#/components/schemas/Times"})"
                                                    : R"({"type":"integer","minimum":0})";
}

boost::json::array names_in(const boost::json::object& properties) {
  boost::json::array names;
  for (const auto& [name, schema] : properties)
    names.emplace_back(name);
  return names;
}

TEST(openapi, describes_the_table_of_metrics) {
  const auto& stats = document().at("components").at("schemas").at("Stats").as_object();
  const auto& properties = stats.at("properties").as_object();
  boost::json::array groups;
  for (auto [group, members] : groups_of_the_table()) {
    const bool first = groups.empty();
    groups.emplace_back(group);
    if (first) {
      groups.emplace_back("version");
      members.insert(members.begin(), {"total_entries", "total_hits", "enabled"});
    }
    ASSERT_TRUE(properties.contains(group)) << group;
    const auto& described = properties.at(group);
    const auto names = boost::json::value_from(members).as_array();
    EXPECT_EQ(described.at("required").as_array(), names) << group;
    EXPECT_EQ(names_in(described.at("properties").as_object()), names) << group;
  }
  for (const auto* detail : {"recent", "routes", "models", "keys", "rate_limits", "process_list"})
    groups.emplace_back(detail);
  EXPECT_EQ(stats.at("required").as_array(), groups);
  EXPECT_EQ(names_in(properties), groups);
  for (const auto& row : domain::metrics())
    for (const auto& [name, schema] : properties.at(row.group).at("properties").as_object()) {
      if (row.name.empty() || row.name == name) {
        EXPECT_EQ(boost::json::serialize(schema), schema_of(row)) << row.group << '.' << name;
      }
    }
}

} // namespace
} // namespace ccapi::http
