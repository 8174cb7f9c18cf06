#include "http/wire/body_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace ccapi::http {

namespace {

std::size_t whole_pages(std::size_t bytes) noexcept {
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

char* map_pages(std::size_t bytes) {
  void* made = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED)
    throw std::bad_alloc{};
  return static_cast<char*>(made);
}

} // namespace

std::size_t body_buffer::capacity_for(std::size_t bytes) noexcept {
  return bytes < mapped_from ? bytes : whole_pages(bytes);
}

std::size_t body_buffer::taken_while_growing_to(std::size_t capacity) const noexcept {
  return is_mapped() ? capacity : capacity + capacity_;
}

void body_buffer::reserve(std::size_t bytes) {
  if (bytes <= capacity_)
    return;
  const auto capacity = capacity_for(bytes);
  if (is_mapped()) { // the pages move, not what is in them
    void* moved = ::mremap(bytes_, capacity_, capacity, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
      throw std::bad_alloc{};
    bytes_ = static_cast<char*>(moved);
    capacity_ = capacity;
    return;
  }
  char* larger = capacity < mapped_from ? new char[capacity] : map_pages(capacity);
  const auto size = size_;
  if (size > 0)
    std::memcpy(larger, bytes_, size);
  release();
  bytes_ = larger;
  size_ = size;
  capacity_ = capacity;
}

bool body_buffer::append(std::string_view bytes) noexcept {
  if (bytes.size() > capacity_ - size_)
    return false;
  if (!bytes.empty())
    std::memcpy(bytes_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

void body_buffer::shrink() noexcept {
  const auto capacity = whole_pages(std::max(size_, mapped_from));
  if (capacity >= capacity_)
    return;
  ::munmap(bytes_ + capacity, capacity_ - capacity);
  capacity_ = capacity;
}

void body_buffer::release() noexcept {
  if (is_mapped())
    ::munmap(bytes_, capacity_);
  else
    delete[] bytes_;
  bytes_ = nullptr;
  size_ = capacity_ = 0;
}

void body_buffer::swap(body_buffer& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
}

} // namespace ccapi::http
