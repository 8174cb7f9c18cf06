#include "observe/invariant_watch.hpp"

#include "domain/invariant.hpp"

#include <cstdint>

namespace ccapi::observe {

namespace {

const logger* target = nullptr; // domain's reporter is a plain function

void report(const char* what, const domain::code_place& where) noexcept {
  try {
    target->error("defect: an invariant is broken, please report it",
                  {{"invariant", what},
                   {"file", where.file},
                   {"line", std::uint64_t{where.line}},
                   {"broken", domain::broken_invariants()}});
  } catch (...) { // no memory for a log line: the count remains
  }
}

} // namespace

invariant_watch::invariant_watch(const logger& log)
  : log_{log} {
  target = &log_;
  domain::report_broken_invariants_to(report);
}

invariant_watch::~invariant_watch() {
  domain::report_broken_invariants_to(nullptr);
}

} // namespace ccapi::observe
