#pragma once
// failing_memory: lets one allocation of a thread fail, so that a test can try them all.

namespace ccapi::http::test {

/// The calling thread's allocation after `count` further ones throws std::bad_alloc, once.
void fail_allocation_after(long count) noexcept;
/// None fails any more. True if one has. Any thread, while the other one rests.
bool stop_failing() noexcept;

} // namespace ccapi::http::test
