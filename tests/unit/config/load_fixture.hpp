#pragma once
// load_test: loads a configuration from a directory of its own.

#include "config/load.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ccapi::config::test {

class load_test : public testing::Test {
protected:
  load_test() {
    options.directory = directory.path();
    options.read_system_file = false;
  }

  loaded must_load() const {
    auto outcome = load(options);
    if (const auto* problems = std::get_if<std::vector<problem>>(&outcome)) {
      for (const auto& each : *problems)
        ADD_FAILURE() << to_string(each);
      return {};
    }
    return std::get<loaded>(std::move(outcome));
  }

  std::vector<std::string> must_fail() const {
    const auto outcome = load(options);
    std::vector<std::string> lines;
    if (const auto* problems = std::get_if<std::vector<problem>>(&outcome))
      for (const auto& each : *problems)
        lines.push_back(to_string(each));
    else
      ADD_FAILURE() << "loaded, but should have been refused";
    return lines;
  }

  static std::string source_of(const loaded& given, std::string_view key) {
    for (const auto& each : given.origins)
      if (each.key == key)
        return each.source;
    return "no such key";
  }

  temporary_directory directory;
  source_options options;
};

} // namespace ccapi::config::test
