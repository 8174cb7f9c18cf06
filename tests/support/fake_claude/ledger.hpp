#pragma once
// ledger: the append-only record of what the fake CLI was told and what it said.

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace fake_claude {

/// One JSON object a line: {"t":seconds of CLOCK_MONOTONIC,"pid":...,"kind":...,...}. Lines of
/// several processes may share a file: each is one write in append mode.
class ledger {
public:
  /// An empty path records nothing.
  explicit ledger(const char* path);
  ~ledger();
  ledger(const ledger&) = delete;
  ledger& operator=(const ledger&) = delete;

  [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }
  void write(std::string_view kind, boost::json::object fields = {}) const;
  /// The frequent case, without building an object.
  void token(std::string_view prompt_uuid, std::string_view text) const;

private:
  [[nodiscard]] std::string head(std::string_view kind) const;
  void append(const std::string& line) const;

  int fd_ = -1;
};

} // namespace fake_claude
