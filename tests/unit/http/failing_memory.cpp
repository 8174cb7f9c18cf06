#include "failing_memory.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <pthread.h>

// Replaces operator new and aligned_alloc, which Asio calls for its operations.

namespace {

std::atomic<bool> armed{false};
std::atomic<bool> failed{false};
std::atomic<pthread_t> victim;
std::atomic<long> left{0};

bool fails_now() noexcept {
  if (!armed || !pthread_equal(victim, pthread_self()) || left-- > 0)
    return false;
  armed = false;
  failed = true;
  return true;
}

void* take(std::size_t bytes) noexcept {
  return fails_now() ? nullptr : std::malloc(bytes > 0 ? bytes : 1);
}

} // namespace

namespace ccapi::http::test {

void fail_allocation_after(long count) noexcept {
  failed = false;
  victim = pthread_self();
  left = count;
  armed = true;
}

bool stop_failing() noexcept {
  armed = false;
  return failed;
}

} // namespace ccapi::http::test

void* operator new(std::size_t bytes) {
  if (auto* made = take(bytes))
    return made;
  throw std::bad_alloc{};
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return take(bytes);
}

void operator delete(void* block) noexcept {
  std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

void operator delete(void* block, const std::nothrow_t&) noexcept {
  std::free(block);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  void* made = nullptr;
  if (fails_now() || ::posix_memalign(&made, alignment, bytes) != 0)
    return nullptr;
  return made;
}
