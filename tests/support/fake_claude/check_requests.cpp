#include "check_requests.hpp"

#include "tests/support/api_rules/api_rules.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>

namespace fake_claude {

namespace json = boost::json;

int check_requests() {
  const api_rules::rule_book rules{api_rules::default_file()};
  for (std::string line; std::getline(std::cin, line);) {
    auto parsed = json::parse(line);
    api_rules::request what;
    what.body = parsed.at("body");
    what.betas = parsed.at("betas");
    json::value verdict;
    if (const auto refusal = rules.check(what, true))
      verdict = json::object{{"rule", refusal->rule},
                             {"status", refusal->status},
                             {"type", refusal->type},
                             {"text", refusal->text}};
    std::cout << json::serialize(verdict) << '\n';
  }
  return 0;
}

} // namespace fake_claude
