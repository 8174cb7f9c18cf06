// Any text as a TOML file, a .env file and the value of every key: refused or taken, never a crash.
#include "config/source.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ccapi::config;
  // The parser descends once per bracket; real files are the operator's own and shallow.
  if (size > 4096)
    return 0;
  const std::string text{reinterpret_cast<const char*>(data), size};
  std::vector<problem> problems;
  for (const auto& each : entries_of_toml(text, "fuzz.toml", problems))
    if (const auto* content = std::get_if<value>(&each.content); content && each.row)
      (void)problem_with(*each.row, *content);
  (void)entries_of_variables(variables_of_dotenv(text, ".env", problems), {});
  for (const auto& row : keys()) {
    const auto made = value_from_text(row.type, row.unit_ms, text);
    if (const auto* content = std::get_if<value>(&made))
      if (!problem_with(row, *content)) {
        settings values;
        row.set(values, *content);
        (void)to_toml(row.get(values), row.unit_ms);
      }
  }
  return 0;
}
