#include "config/schema.hpp"

#include "config/load.hpp"
#include "config/print.hpp"
#include "temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace ccapi::config {
namespace {

using test::temporary_directory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A valid value that is not the default.
value other_value(const key& row) {
  const auto usual = row.get(settings{});
  if (row.name == "auth.api_keys")
    return text_list{"0123456789abcdef", "sha256:" + std::string(64, 'a')};
  if (row.name == "cors.allowed_origins")
    return text_list{"http://localhost:3000", "https://app.example"};
  if (row.name == "file_access.additional_dirs")
    return text_list{"/srv/one", "/srv/tw\"o"};
  switch (row.type) {
  case value_type::boolean:
    return !std::get<bool>(usual);
  case value_type::integer:
    return usual == value{row.maximum} ? row.maximum - 1 : row.maximum;
  case value_type::duration:
    return std::chrono::milliseconds{row.minimum + 1500}; // no whole number of any unit
  case value_type::text:
    if (!row.choices.empty())
      return std::string{row.choices.substr(row.choices.rfind('|') + 1)};
    return std::string{"päth \"quoted\" \\ #x"};
  case value_type::text_list:
    return text_list{"ONE", "TWO_2"};
  case value_type::text_table:
    return text_table{{"mine-*", "haiku"}, {"b \"q\"", "opus"}, {"a", "sonnet"}};
  case value_type::text_records:
    return text_records{{{"name", "ci"}, {"sha256", std::string(64, 'b')}, {"admin", "true"}},
                        {{"name", "web"}, {"sha256", std::string(64, 'c')}}};
  }
  return usual;
}

/// The value as an environment variable would give it.
std::string variable_text(const key& row, const value& given) {
  if (const auto* text = std::get_if<std::string>(&given))
    return *text;
  if (std::holds_alternative<text_table>(given))
    return R"({"mine-*": "haiku", "b \"q\"": "opus", "a": "sonnet"})";
  if (std::holds_alternative<text_records>(given))
    return R"([{"name": "ci", "sha256": ")" + std::string(64, 'b')
           + R"(", "admin": true}, {"name": "web", "sha256": ")" + std::string(64, 'c') + R"("}])";
  return to_toml(given, row.unit_ms); // the same words in both
}

value expected_after_setting(const key& row, const value& given) {
  settings values;
  row.set(values, given);
  return row.get(values);
}

loaded load_or_fail(const source_options& options) {
  auto outcome = load(options);
  if (const auto* problems = std::get_if<std::vector<problem>>(&outcome)) {
    for (const auto& each : *problems)
      ADD_FAILURE() << to_string(each);
    return {};
  }
  return std::get<loaded>(std::move(outcome));
}

class every_key : public testing::Test {
protected:
  every_key() {
    options.directory = directory.path();
    options.read_system_file = false;
  }

  temporary_directory directory;
  source_options options;
};

TEST_F(every_key, takes_its_value_from_a_file) {
  for (const auto& row : keys()) {
    SCOPED_TRACE(row.name);
    const auto given = other_value(row);
    EXPECT_NE(given, row.get(settings{}));
    directory.put("config/local.toml",
                  std::string{row.name} + " = " + to_toml(given, row.unit_ms) + '\n');
    const auto outcome = load_or_fail(options);
    EXPECT_EQ(row.get(outcome.values), expected_after_setting(row, given));
    for (const auto& other : keys()) {
      if (other.name != row.name) {
        EXPECT_EQ(other.get(outcome.values), other.get(settings{})) << "changed " << other.name;
      }
    }
  }
}

TEST_F(every_key, takes_its_value_from_its_variable) {
  for (const auto& row : keys()) {
    SCOPED_TRACE(row.name);
    const auto given = other_value(row);
    options.environment = {environment_name(row) + '=' + variable_text(row, given)};
    const auto outcome = load_or_fail(options);
    EXPECT_EQ(row.get(outcome.values), expected_after_setting(row, given));
  }
}

TEST_F(every_key, survives_being_printed_and_loaded) {
  for (const auto& row : keys())
    options.environment.push_back(environment_name(row) + '='
                                  + variable_text(row, other_value(row)));
  const auto first = load_or_fail(options);
  directory.put("config/local.toml", print(first));
  options.environment.clear();
  const auto second = load_or_fail(options);
  for (const auto& row : keys()) {
    if (!row.secret) {
      EXPECT_EQ(row.get(second.values), row.get(first.values)) << row.name;
    }
  }
}

TEST_F(every_key, refuses_a_value_of_another_type) {
  for (const auto& row : keys()) {
    SCOPED_TRACE(row.name);
    directory.put("config/local.toml",
                  "\n\n" + std::string{row.name} + " = 1979-05-27T07:32:00Z\n");
    const auto outcome = load(options);
    const auto* problems = std::get_if<std::vector<problem>>(&outcome);
    ASSERT_TRUE(problems);
    const problem expected{"config/local.toml:3",
                           std::string{row.name}.append(" must be ").append(description(row.type))};
    EXPECT_THAT(*problems, ElementsAre(expected));
  }
}

TEST_F(every_key, has_a_valid_default_and_refuses_what_is_out_of_range) {
  for (const auto& row : keys()) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(problem_with(row, row.get(settings{})), std::nullopt);
    if (row.type == value_type::integer) {
      EXPECT_TRUE(problem_with(row, row.minimum - 1));
      EXPECT_FALSE(problem_with(row, row.minimum));
      EXPECT_FALSE(problem_with(row, row.maximum));
      EXPECT_TRUE(problem_with(row, row.maximum + 1));
      settings values;
      row.set(values, row.maximum);
      EXPECT_EQ(row.get(values), value{row.maximum}) << "does not fit its member";
    }
    if (row.type == value_type::duration) {
      EXPECT_TRUE(problem_with(row, std::chrono::milliseconds{row.minimum - 1}));
      EXPECT_TRUE(problem_with(row, std::chrono::milliseconds{row.maximum + 1}));
    }
    if (!row.choices.empty()) {
      EXPECT_TRUE(problem_with(row, std::string{"other"}));
      EXPECT_TRUE(problem_with(row, std::string{""}));
    }
  }
}

TEST(schema, names_are_unique_and_have_two_parts) {
  std::set<std::string_view> names;
  for (const auto& row : keys()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(std::count(row.name.begin(), row.name.end(), '.'), 1) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
  }
}

TEST(schema, variable_name_is_the_key_in_capitals) {
  EXPECT_EQ(environment_name(*find_key("claude.max_concurrent_sessions")),
            "CLAUDE_CODE__CLAUDE__MAX_CONCURRENT_SESSIONS");
}

TEST(schema, content_rules_name_what_is_wrong) {
  const auto problem = [](std::string_view name, const value& given) {
    return problem_with(*find_key(name), given).value_or("");
  };
  EXPECT_EQ(problem("claude.command", std::string{}), "must not be empty");
  EXPECT_EQ(problem("server.host", std::string{"a\nb"}), "must not hold control characters");
  EXPECT_THAT(problem("server.allowed_hosts", text_list{"*.lan"}), HasSubstr("DNS rebinding"));
  EXPECT_EQ(problem("server.allowed_hosts", text_list{"*"}), "");
  EXPECT_THAT(problem("claude.env_allow", text_list{"A*B"}), HasSubstr("not its last"));
  EXPECT_THAT(problem("models.default", std::string{"default"}), HasSubstr("must name a model"));
  EXPECT_THAT(problem("models.aliases", text_table{{"", "opus"}}), HasSubstr("empty"));
  EXPECT_EQ(problem("server.port", std::int64_t{70'000}), "must be from 0 to 65535");
  EXPECT_EQ(problem("limits.queue_timeout_seconds", std::chrono::milliseconds{1}),
            "must be from 0.01 to 3600 seconds");
}

std::string file_text(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(generated_files, default_toml_is_up_to_date) {
  EXPECT_EQ(file_text(CCAPI_FIXTURES "/../../config/default.toml"), default_toml())
    << "run: claude-code-api --print-default-config > config/default.toml";
}

TEST(generated_files, configuration_page_is_up_to_date) {
  EXPECT_EQ(file_text(CCAPI_FIXTURES "/../../docs/configuration.md"), configuration_markdown())
    << "run: claude-code-api --print-config-docs > docs/configuration.md";
}

TEST(generated_files, default_toml_loads_as_the_defaults) {
  const temporary_directory directory;
  directory.put("config/local.toml", default_toml());
  source_options options;
  options.directory = directory.path();
  options.read_system_file = false;
  const auto outcome = load_or_fail(options);
  for (const auto& row : keys())
    EXPECT_EQ(row.get(outcome.values), row.get(settings{})) << row.name;
}

TEST(print, never_shows_a_secret) {
  auto row = *find_key("claude.system_prompt");
  row.secret = true;
  const auto line = toml_line(row, std::string{"hunter2"}, ".env: X");
  EXPECT_THAT(line, Not(HasSubstr("hunter2")));
  EXPECT_EQ(line.front(), '#');
}

} // namespace
} // namespace ccapi::config
