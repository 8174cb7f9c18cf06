#pragma once
// script: directives such as [[text:20]] that tell the fake CLI how to behave.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fake_claude {

/// A call that an answer makes; its arguments are not always JSON.
struct call_wanted {
  std::string name;
  std::string arguments;
};

/// Directives by name. They come from ANTHROPIC_FAKE_SCRIPT (for the whole process) and from the
/// user text of a turn, which overrides. The list of names is in tests/support/README.md.
class script {
public:
  /// Takes over every [[name]] and [[name:value]] in `text`; later ones win.
  void add(std::string_view text);
  /// Forgets what makes a turn go wrong, so that a second attempt succeeds.
  void drop_faults();

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] std::string_view text(std::string_view name, std::string_view otherwise = {}) const;
  /// The part of the value at `index`, parts being divided by ':'.
  [[nodiscard]] std::string_view part(std::string_view name, std::size_t index) const;
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t otherwise) const {
    return number_part(name, 0, otherwise);
  }
  [[nodiscard]] std::int64_t number_part(std::string_view name, std::size_t index,
                                         std::int64_t otherwise) const;
  /// [[call:NAME:JSON]] and [[raw_call:NAME:TEXT]] in their order.
  [[nodiscard]] const std::vector<call_wanted>& calls() const noexcept { return calls_; }
  /// The text that was added last had a directive.
  [[nodiscard]] bool directed() const noexcept { return directed_; }

private:
  [[nodiscard]] const std::string* find(std::string_view name) const;

  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<call_wanted> calls_;
  bool directed_ = false;
};

} // namespace fake_claude
