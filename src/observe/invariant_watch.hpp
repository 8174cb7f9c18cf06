#pragma once
// invariant_watch: broken invariants get into the log.

#include "observe/log.hpp"

namespace ccapi::observe {

/// As long as it lives. One at a time; made before threads start, destroyed when they have ended.
class invariant_watch {
public:
  explicit invariant_watch(const logger& log);
  ~invariant_watch();
  invariant_watch(const invariant_watch&) = delete;
  invariant_watch& operator=(const invariant_watch&) = delete;

private:
  logger log_;
};

} // namespace ccapi::observe
