#pragma once
// process_kind: what makes two processes interchangeable. Pure.

#include <functional>
#include <string>

namespace ccapi::domain {

/// What is settled when a process starts and can't be changed afterwards. Whose dialogues it runs,
/// and with which system prompt, is settled later: by its first turn.
struct process_kind {
  std::string model; ///< resolved

  friend bool operator==(const process_kind&, const process_kind&) = default;

  struct hash {
    std::size_t operator()(const process_kind& kind) const noexcept {
      return std::hash<std::string>{}(kind.model);
    }
  };
};

} // namespace ccapi::domain
