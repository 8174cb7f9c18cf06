// Fuzzes the strict check of a request's head. Oracles: Beast understands what passes, the body
// stays within its limit, and how the bytes were split makes no difference.

#include "http/wire/framing.hpp"
#include "http/wire/request_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace ccapi::http;

void require(bool condition) {
  if (!condition)
    std::abort();
}

void check_splits(std::string_view bytes, const ccapi::config::limits_settings& limits) {
  const auto whole = head_scanner{}.scan(bytes, limits);
  head_scanner scanner;
  head_scanner::finding found;
  for (std::size_t have = 1; have <= bytes.size(); ++have) {
    found = scanner.scan(bytes.substr(0, have), limits);
    if (found.problem || found.head_bytes > 0)
      break;
  }
  if (whole.head_bytes > 0)
    require(found.head_bytes == whole.head_bytes);
  if (whole.problem)
    require(found.problem != nullptr);
}

void check_agreement(std::string_view head, std::string_view rest,
                     const ccapi::config::limits_settings& limits) {
  if (validate_framing(head))
    return;
  body_buffer body;
  body_budget::share held{std::make_shared<body_budget>(limits.bodies_bytes_max)};
  request_reader reader{body, limits.body_bytes_max, held};
  const auto* problem = reader.read_head(head);
  if (problem) { // a malformed Connection field is Beast's to find
    require(problem->status == 400 || problem->status == 413);
    return;
  }
  require(!reader.target().empty());
  std::size_t consumed = 0;
  while (!reader.complete() && consumed < rest.size()) {
    const auto made = reader.read_body(rest.substr(consumed));
    consumed += made.consumed;
    if (made.problem || made.consumed == 0)
      break;
  }
  require(consumed <= rest.size());
  require(body.size() <= limits.body_bytes_max);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input{reinterpret_cast<const char*>(data), size};
  const ccapi::config::limits_settings limits;
  check_splits(input, limits);
  validate_framing(input); // any bytes, not only what the scanner lets through
  const auto found = head_scanner{}.scan(input, limits);
  if (!found.problem && found.head_bytes > 0)
    check_agreement(std::string_view{input}.substr(0, found.head_bytes),
                    std::string_view{input}.substr(found.head_bytes), limits);
  return 0;
}
