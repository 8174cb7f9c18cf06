#pragma once
// Bytes received and not yet parsed. Unlike beast::flat_buffer, consuming never moves the free
// space, so that it is allowed while a read into that space is pending.

#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace ccapi::http {

class input_buffer {
public:
  static constexpr std::size_t smallest = 4096;

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get() + begin_, size()}; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

  void consume(std::size_t count) noexcept { begin_ += count; }

  /// Free space of at least `room` bytes. Moves the bytes: not while a read is pending, and views
  /// taken before are void.
  std::span<char> prepare(std::size_t room) {
    if (empty())
      begin_ = end_ = 0;
    if (capacity_ - end_ < room)
      relocate(room);
    return {bytes_.get() + end_, capacity_ - end_};
  }
  /// The first `count` bytes of the prepared space are filled.
  void commit(std::size_t count) noexcept { end_ += count; }

  /// Frees the memory if it is empty and larger than needed for a usual request. Not while a read
  /// is pending.
  void shrink() noexcept {
    if (!empty() || capacity_ <= smallest)
      return;
    bytes_.reset();
    capacity_ = begin_ = end_ = 0;
  }

private:
  void relocate(std::size_t room) {
    const auto held = size();
    if (capacity_ - held >= room && begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, held);
    } else {
      const auto larger = std::bit_ceil(held + room < smallest ? smallest : held + room);
      std::unique_ptr<char[]> moved{new char[larger]}; // not zeroed
      if (held > 0)
        std::memcpy(moved.get(), bytes_.get() + begin_, held);
      bytes_ = std::move(moved);
      capacity_ = larger;
    }
    begin_ = 0;
    end_ = held;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

} // namespace ccapi::http
