#include "domain/store/store.hpp"

namespace ccapi::domain {

std::size_t heap_bytes(const store_write& what) noexcept {
  std::size_t sum = sizeof what;
  if (const auto* put = std::get_if<put_idempotency_record>(&what))
    return sum + heap_bytes(put->what.body) + heap_bytes(put->what.fields)
           + heap_bytes(put->what.key) + heap_bytes(put->what.fingerprint);
  const auto* append = std::get_if<append_turn>(&what);
  if (append == nullptr)
    return sum;
  for (const auto& each : append->turn.messages)
    sum += sizeof each + heap_bytes(each);
  if (append->turn.system_prompt)
    sum += heap_bytes(*append->turn.system_prompt);
  return sum;
}

} // namespace ccapi::domain
