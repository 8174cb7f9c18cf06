#pragma once
// peak_memory: how much memory the program held at most since a moment, beyond what it held then.

#include <cstddef>
#include <fstream>
#include <optional>
#include <string>

namespace ccapi::http::test {

class peak_memory {
public:
  /// From now on.
  peak_memory()
    : before_{bytes_of("VmRSS:")} {
    std::ofstream{"/proc/self/clear_refs"} << "5"; // the peak begins anew
  }

  [[nodiscard]] std::size_t growth() const {
    const auto peak = bytes_of("VmHWM:");
    return peak > before_ ? peak - before_ : 0;
  }

private:
  static std::size_t bytes_of(const std::string& name) {
    std::ifstream status{"/proc/self/status"};
    for (std::string word; status >> word;)
      if (std::size_t kib = 0; word == name && status >> kib)
        return kib << 10;
    return 0;
  }

  std::size_t before_;
};

} // namespace ccapi::http::test
