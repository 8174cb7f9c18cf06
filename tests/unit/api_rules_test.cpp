// Each rule of the API that needs no named check refuses its bad example, and only that.

#include "tests/support/api_rules/api_rules.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <ostream>

namespace api_rules {

void PrintTo(const refusal& what, std::ostream* out) {
  *out << what.rule << ": " << what.status << ' ' << what.type << ": " << what.text;
}

namespace {

namespace json = boost::json;

const rule_book& book() {
  static const rule_book rules{default_file()};
  return rules;
}

/// RFC 7396.
json::value merged(const json::value& target, const json::value& patch) {
  if (!patch.is_object())
    return patch;
  auto result = target.is_object() ? target.get_object() : json::object{};
  for (const auto& member : patch.get_object()) {
    if (member.value().is_null())
      result.erase(member.key());
    else
      result[member.key()] = merged(result[member.key()], member.value());
  }
  return json::value(std::move(result));
}

json::array copies(const json::array& list, const json::object& how) {
  json::array all;
  for (std::size_t i = 0; i < how.at("count").to_number<std::size_t>(); ++i) {
    all.push_back(list.front());
    if (const auto* name = how.if_contains("numbered"))
      all.back().as_object()[name->as_string()].as_string() += std::to_string(i);
  }
  return all;
}

/// The request that a rule's `good` or `bad` describes.
request example(const json::object& how) {
  request made;
  const auto* patch = how.if_contains("body");
  made.body = merged(book().document().at("base"), patch != nullptr ? *patch : json::object());
  if (const auto* raw = how.if_contains("raw")) {
    boost::system::error_code failure;
    made.body = json::parse(raw->as_string(), failure);
  }
  if (const auto* fill = how.if_contains("fill")) {
    auto& list = made.body.as_object().at(fill->as_object().at("field").as_string()).as_array();
    list = copies(list, fill->as_object());
  }
  if (const auto* length = how.if_contains("stretch")) {
    auto& message = made.body.as_object().at("messages").as_array()[0].as_object();
    auto& source = message.at("content").as_array()[0].as_object().at("source").as_object();
    source["data"].as_string().resize(length->to_number<std::size_t>(), 'A');
  }
  if (const auto* betas = how.if_contains("betas"))
    made.betas = *betas;
  if (const auto* version = how.if_contains("version"))
    made.version = *version;
  return made;
}

std::string text_of(const json::object& rule, std::string_view key, std::string_view otherwise) {
  const auto* value = rule.if_contains(key);
  return std::string{value != nullptr ? std::string_view{value->as_string()} : otherwise};
}

std::vector<const json::object*> declarative_rules() {
  std::vector<const json::object*> found;
  for (const auto& rule : book().document().at("rules").as_array())
    if (rule.as_object().contains("when"))
      found.push_back(&rule.as_object());
  return found;
}

class rule_test : public testing::TestWithParam<const json::object*> {};

TEST_P(rule_test, refuses_its_bad_example_and_not_its_good_one) {
  const auto& rule = *GetParam();
  const bool unsure = text_of(rule, "certainty", "") == "U";
  const auto* status = rule.if_contains("status");
  const refusal expected{text_of(rule, "id", ""),
                         status != nullptr ? status->to_number<int>() : 400,
                         text_of(rule, "type", "invalid_request_error"),
                         text_of(rule, "says", text_of(rule, "text", ""))};
  const auto good = book().check(example(rule.at("good").as_object()), unsure);
  EXPECT_FALSE(good) << testing::PrintToString(*good);
  EXPECT_EQ(book().check(example(rule.at("bad").as_object()), unsure), expected);
  if (unsure) {
    EXPECT_FALSE(book().check(example(rule.at("bad").as_object()))) << "it is off";
  }
}

INSTANTIATE_TEST_SUITE_P(api, rule_test, testing::ValuesIn(declarative_rules()),
                         [](const auto& rule) { return text_of(*rule.param, "id", ""); });

TEST(rule_book_test, knows_models_by_name_and_takes_unknown_ones_for_the_newest) {
  const auto* newest = book().traits("claude-opus-5-5");
  ASSERT_NE(newest, nullptr);
  EXPECT_EQ(book().traits("claude-opus-9-1"), newest);
  EXPECT_EQ(book().traits("claude-haiku-4-5-20251001"), book().traits("claude-haiku-4-5"));
  EXPECT_NE(book().traits("claude-haiku-4-5"), newest);
  for (const auto* gone : {"claude-opus-4-20250514", "claude-3-5-sonnet-20241022", "gpt-4o", ""})
    EXPECT_EQ(book().traits(gone), nullptr) << gone;
}

TEST(rule_book_test, a_file_that_is_missing_or_something_else_is_named) {
  EXPECT_THROW(rule_book("/nonexistent/rules.json"), std::runtime_error);
  EXPECT_THROW(rule_book("/etc/hostname"), std::runtime_error);
}

} // namespace
} // namespace api_rules
