// Schemas that are made to take the stack, the memory or the time of the program.

#include "structured/json_formats.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <pthread.h>
#include <string>
#include <vector>

namespace ccapi::structured {
namespace {

using made_format = domain::result<std::shared_ptr<const domain::answer_format>>;

/// Runs it on a thread that has a small stack: what needs more ends the test program.
void with_small_stack(const std::function<void()>& work) {
#ifdef __SANITIZE_ADDRESS__
  constexpr std::size_t stack_bytes = std::size_t{4} << 20; // of larger frames
#else
  constexpr std::size_t stack_bytes = std::size_t{1} << 19;
#endif
  pthread_attr_t attributes{};
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
  pthread_t thread{};
  const auto run = [](void* what) -> void* {
    (*static_cast<const std::function<void()>*>(what))();
    return nullptr;
  };
  auto copy = work;
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &copy), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

/// Seconds of this thread's own work, which other programs do not change much.
double seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
  };
  const auto begin = now();
  work();
  return now() - begin;
}

std::string ref_to(std::string_view name, int number) {
  return R"({"$ref":"#/$defs/)" + std::string{name} + std::to_string(number) + R"("})";
}

std::string joined(int count, const std::function<std::string(int)>& part) {
  std::string text;
  for (int each = 0; each < count; ++each)
    text.append(each == 0 ? "" : ",").append(part(each));
  return text;
}

std::string member(std::string_view name, int number, const std::string& value) {
  return "\"" + std::string{name} + std::to_string(number) + "\":" + value;
}

std::string times(int count, const std::string& text) {
  std::string all;
  for (int each = 0; each < count; ++each)
    all += text;
  return all;
}

/// An object with one property, and definitions.
std::string schema_of(const std::string& property, const std::string& definitions) {
  return R"({"type":"object","properties":{"p":)" + property + R"(},"$defs":{)" + definitions
         + "}}";
}

/// Lists within lists, on over 87 definitions.
std::string deep_definitions() {
  return schema_of(ref_to("d", 0), joined(87, [](int each) {
                     const auto inner = each < 86 ? ref_to("d", each + 1) : R"({"type":"null"})";
                     return member("d", each,
                                   times(56, R"({"type":["array"],"items":)") + inner
                                     + std::string(56, '}'));
                   }));
}

/// Each definition is `count` times the next one; the last is `last`.
std::string doubling(int definitions, int count, const std::string& last) {
  return joined(definitions + 1, [&](int each) {
    return member("a", each, each == definitions ? last : R"({"allOf":[)" + joined(count, [&](int) {
                                                            return ref_to("a", each + 1);
                                                          }) + "]}");
  });
}

/// Objects within each other, each of which is another's part.
std::string put_together_from_a_chain() {
  const auto next = [](int each) {
    return R"({"properties":{"p":{"allOf":[)" + ref_to("o", each) + "]}}}";
  };
  return schema_of(ref_to("o", 0), joined(400, [&](int each) {
                     return member("o", each,
                                   each < 399 ? next(each + 1)
                                              : R"({"properties":{"p":{"type":"null"}}})");
                   }));
}

/// Combinations that all judge the same value, one within the other, on over many definitions.
std::string long_chain() {
  return schema_of(ref_to("c", 0), joined(80, [](int each) {
                     const auto inner = each < 79 ? ref_to("c", each + 1) : R"({"type":"null"})";
                     return member("c", each, times(25, R"({"anyOf":[)") + inner + times(25, "]}"));
                   }));
}

/// A large list of values that 28 references lead to, each over another part around it.
std::string values_once_for_each_reference() {
  const auto enumeration =
    R"({"enum":[)" + joined(30'000, [](int each) { return std::to_string(each); }) + "]}";
  std::string place{"#"};
  const auto references = joined(28, [&](int each) {
    place += "/properties/a";
    return member("r", each, R"({"$ref":")" + place + R"("})");
  });
  return R"({"type":"object","properties":{)" + references + R"(,"a":)"
         + times(28, R"({"type":"object","properties":{"a":)") + enumeration + times(28, "}}")
         + "}}";
}

/// Everything refers to everything.
std::string dense_references() {
  std::string place{"#/$defs/deep"};
  const auto far = joined(28, [&](int each) {
    place += "/properties/a";
    return member("f", each, R"({"$ref":")" + place + R"("})");
  });
  const auto all = joined(440, [](int each) { return member("e", each, ref_to("e", each)); });
  const auto deep = times(28, R"({"type":"object","properties":{"a":)")
                    + R"({"type":"object","properties":{"n":{"type":"null"}},"examples":{)" + all
                    + "}}" + times(28, "}}");
  return R"({"type":"object","properties":{)" + far + R"(},"$defs":{"deep":)" + deep + ","
         + joined(440,
                  [](int each) {
                    return member("e", each,
                                  R"({"type":"object","properties":{)" + joined(8, [&](int one) {
                                    return member("n", one,
                                                  ref_to("e", std::min(each + one + 1, 439)));
                                  }) + "}}");
                  })
         + "}}";
}

/// A part with many members of no meaning, looked through for each property that is made of it.
std::string looked_through() {
  return schema_of(
    R"({"type":"object","properties":{)"
      + joined(2000,
               [](int each) { return member("p", each, R"({"allOf":[{"$ref":"#/$defs/b"}]})"); })
      + "}}",
    R"("b":{"type":"object","properties":{"s":{"type":"string",)"
      + joined(15'000, [](int each) { return member("x", each, "0"); }) + "}}}");
}

/// A base with a long description, as a part of many properties.
std::string repeated_description() {
  return schema_of(
    R"({"type":"object","properties":{)"
      + joined(2400,
               [](int each) { return member("p", each, R"({"allOf":[{"$ref":"#/$defs/b"}]})"); })
      + "}}",
    R"("b":{"type":"object","properties":{"s":{"type":"string","description":")"
      + std::string(155'000, 'x') + R"("}}})");
}

/// The same, but in parts that turn out to be impossible, and so are told nowhere.
std::string impossible_description() {
  return schema_of(
    R"({"type":"object","properties":{)"
      + joined(2000,
               [](int each) { return member("p", each, R"({"allOf":[{"$ref":"#/$defs/b"}]})"); })
      + "}}",
    R"("b":{"type":"object","required":["z"],"properties":{"s":{"type":"string",)"
    R"("description":")"
      + std::string(150'000, 'x') + R"("},"z":false}})");
}

/// Lists of names that 28 references lead to.
std::string names_for_each_reference() {
  auto text = values_once_for_each_reference();
  const auto at = text.find(R"("enum":[)");
  const auto end = text.find(']', at);
  return text.replace(at, end + 1 - at,
                      R"("type":"object","properties":{"0":true},"dependentRequired":{"0":[)"
                        + joined(20'000, [](int each) { return '"' + std::to_string(each) + '"'; })
                        + "]}");
}

/// Wide, but honest: as large as a client may make it.
std::string plain() {
  return R"({"type":"object","properties":{)"
         + joined(2400,
                  [](int each) {
                    return member("p", each,
                                  R"({"type":"object","properties":{"s":{"type":"string"}}})");
                  })
         + "}}";
}

bool is_json_object(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 256;
  boost::json::error_code failure;
  return boost::json::parse(std::string{text}, failure, {}, options).is_object();
}

/// Patterns of which each is nearly as large as one can be.
std::string large_patterns() {
  return schema_of(R"({"anyOf":[)"
                     + joined(64,
                              [](int each) {
                                return R"({"type":"string","pattern":")" + std::to_string(each)
                                       + R"(\\pL{30}x"})";
                              })
                     + "]}",
                   {});
}

struct hostile {
  std::string name;
  std::string schema;
  std::string refused; ///< what the message says; empty: it is taken
};

std::vector<hostile> hostile_schemas() {
  const auto object = std::string{R"({"type":"object","properties":{"x":{"type":"null"}}})"};
  return {
    {"deep definitions", deep_definitions(), {}},
    {"merged 4^16 times",
     schema_of(R"({"type":"object","properties":{"y":{"type":"null"}},"allOf":[)" + ref_to("a", 0)
                 + "]}",
               doubling(16, 4, object)),
     {}},
    {"looked at 2^33 times", schema_of(ref_to("a", 0), doubling(33, 2, R"({"maxLength":3})")), {}},
    {"repeated description", repeated_description(), "bytes"},
    {"impossible description", impossible_description(), "work"},
    {"long chain", long_chain(), {}},
    {"values for each reference", values_once_for_each_reference(), "work"},
    {"names for each reference", names_for_each_reference(), "bytes"},
    {"dense references", dense_references(), {}},
    {"within itself, as a part of others",
     R"({"type":"object","properties":{"v":{"type":"null"},"next":{"allOf":[{"$ref":"#"}]}}})",
     {}},
    {"put together from a chain of others", put_together_from_a_chain(), "deep"},
    {"large patterns", large_patterns(), "work"},
    {"looked through", looked_through(), "work"},
  };
}

TEST(hostile_schemas, are_told_or_refused_soon_and_with_little_stack) {
  const auto usual = seconds_of([] { ASSERT_TRUE(of_schema(plain(), "schema")); });
  for (const auto& each : hostile_schemas()) {
    EXPECT_LT(each.schema.size(), 256U * 1024) << each.name;
    with_small_stack([&] {
      made_format made{domain::error{}};
      const auto taken = seconds_of([&] { made = of_schema(each.schema, "schema"); });
      constexpr double slower_max = 10;
      EXPECT_LT(taken, slower_max * usual) << each.name;
      if (made) {
        EXPECT_EQ(each.refused, "") << each.name << " is taken";
        EXPECT_TRUE(is_json_object((*made)->for_api().text())) << each.name;
        return;
      }
      EXPECT_FALSE(each.refused.empty()) << each.name << ": " << made.error().message;
      EXPECT_NE(made.error().message.find(each.refused), std::string::npos)
        << each.name << ": " << made.error().message;
      EXPECT_TRUE(made.error().param.starts_with("schema")) << each.name;
    });
  }
}

/// A schema, and an answer that is checked against it.
struct hostile_check {
  std::string name;
  std::string property; ///< the schema of "p"
  std::string answer;   ///< "p" itself
  std::string flaw;
};

std::string alternatives(int count, const std::string& each) {
  return R"("anyOf":[)" + joined(count, [&](int) { return each; }) + "]}";
}

std::vector<hostile_check> hostile_checks() {
  const auto members = [](int count) {
    return "{" + joined(count, [](int each) { return '"' + std::to_string(each) + R"(":0)"; })
           + "}";
  };
  const auto patterns = joined(64, [](int each) { return member("q", each, "true"); });
  const std::string object{R"({"type":"object","properties":{"x":true},)"};
  const std::string work{"too much work"};
  unsigned state = 1;
  const auto letters = [&](int count) {
    std::string text;
    for (int each = 0; each < count; ++each) {
      state = state * 1103515245U + 12345U;
      text += ((state >> 16U) & 1U) != 0 ? 'a' : 'b';
    }
    return '"' + text + '"';
  };
  return {
    {"short names and many patterns", object + R"("patternProperties":{)" + patterns + "}}",
     members(100'000), work},
    {"members sorted for each alternative", object + alternatives(2000, R"({"required":["z"]})"),
     members(100'000), work},
    {"characters counted for each alternative",
     R"({"type":"string",)" + alternatives(2000, R"({"maxLength":3})"),
     '"' + std::string(2'000'000, 'a') + '"', work},
    {"a pattern without an automaton", R"({"type":"string","pattern":"^(a|b)*a(a|b){300}c$"})",
     letters(500'000), work},
    {"names that depend on one",
     R"({"type":"array","items":{"properties":{"a":true},"dependentRequired":{"a":[)"
       + joined(20'000, [](int) { return R"("a")"; }) + "]}}}",
     "[" + joined(20'000, [](int) { return R"({"a":1})"; }) + "]", work},
    {"values made canonical for each alternative",
     R"({"type":"array","items":{"type":"integer"},)" + alternatives(2000, R"({"const":1})"),
     "[" + joined(200'000, [](int) { return "7"; }) + "]", work},
  };
}

TEST(hostile_schemas, take_a_bounded_time_to_check_an_answer) {
  const auto plain_answer =
    R"({"p":{)" + joined(100'000, [](int each) { return member("x", each, "1"); }) + "}}";
  const auto check = [](const std::string& property, const std::string& answer) {
    const auto made = of_schema(schema_of(property, {}), "schema");
    EXPECT_TRUE(made) << made.error().message;
    std::string flaw;
    const auto taken = seconds_of([&] { flaw = (*made)->flaw_of(answer).value_or(""); });
    return std::pair{flaw, taken};
  };
  const auto usual = check(
    R"({"type":"object","properties":{"x":true},"patternProperties":{"^x":true}})", plain_answer);
  EXPECT_EQ(usual.first, "");
  for (const auto& each : hostile_checks()) {
    const auto [flaw, taken] = check(each.property, R"({"p":)" + each.answer + "}");
    EXPECT_NE(flaw.find(each.flaw), std::string::npos) << each.name << ": " << flaw;
    constexpr double slower_max = 10;
    EXPECT_LT(taken, slower_max * usual.second) << each.name;
  }
}

TEST(hostile_schemas, take_little_stack_to_check_an_answer) {
  const auto made = of_schema(long_chain(), "schema");
  ASSERT_TRUE(made);
  with_small_stack([&] {
    EXPECT_NE((*made)->flaw_of(R"({"p":null})").value_or("").find("too much work"),
              std::string::npos);
  });
}

} // namespace
} // namespace ccapi::structured
