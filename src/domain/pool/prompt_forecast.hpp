#pragma once
// prompt_forecast: which system prompt the next new dialogue will probably have. Pure.

#include "domain/pool/process_pool.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

namespace ccapi::domain {

/// A system prompt, and the only tenant whose dialogues may make use of a process that knows it.
struct tenant_prompt {
  std::string tenant;
  std::string text; ///< may be empty: the dialogue has none

  bool operator==(const tenant_prompt&) const = default;
};

/// Goes by the last 16 wishes for a process of one model. Not thread-safe; owned by the supervisor.
class prompt_forecast {
public:
  /// Longer ones are not kept, and never foretold.
  static constexpr std::size_t prompt_bytes_max = std::size_t{32} * 1024;

  struct guess {
    std::shared_ptr<const tenant_prompt> prompt; ///< null: any might be the next
    double share = 0;                            ///< of the last wishes that came with it: 0.5 to 1
  };

  /// Somebody wants a process for a dialogue that begins so.
  void note(tenant_prompt prompt, steady_time now);
  /// Drops what is older.
  void forget_before(steady_time limit);
  [[nodiscard]] guess next() const;
  /// One of the last wishes came with it: the kept copy. Null: none had, or it is too long.
  [[nodiscard]] std::shared_ptr<const tenant_prompt> find(const tenant_prompt& prompt) const;

private:
  struct begun {
    std::shared_ptr<const tenant_prompt> prompt; ///< null: too long
    steady_time at;
  };

  std::deque<begun> last_; ///< the oldest first; equal prompts share their text
};

} // namespace ccapi::domain
