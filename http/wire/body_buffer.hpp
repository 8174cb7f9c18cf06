#pragma once
// body_buffer: the bytes of a request's body. It grows without a copy where it is large, so that a
// body never takes its memory twice, and its memory goes back to the system at once.

#include "json/padded_text.hpp"

#include <cstddef>
#include <string_view>

namespace ccapi::http {

class body_buffer {
public:
  /// Bodies of this size on have pages of their own; smaller ones are copied when they grow.
  static constexpr std::size_t mapped_from = std::size_t{256} << 10;

  body_buffer() noexcept = default;
  ~body_buffer() { release(); }
  body_buffer(body_buffer&& other) noexcept { swap(other); }
  body_buffer& operator=(body_buffer&& other) noexcept {
    release();
    swap(other);
    return *this;
  }

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_, size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// The memory that it takes.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// For json::reader. Makes room for the padding if there is none.
  [[nodiscard]] json::padded_text text() {
    reserve(size_ + json::padded_text::padding);
    return json::padded_text::of({bytes_, size_});
  }

  /// The capacity that reserve(bytes) gives.
  [[nodiscard]] static std::size_t capacity_for(std::size_t bytes) noexcept;
  /// The memory that it takes while it grows to that capacity.
  [[nodiscard]] std::size_t taken_while_growing_to(std::size_t capacity) const noexcept;

  /// Makes the capacity what capacity_for says, if it is less. Throws std::bad_alloc, and all stays
  /// as it was.
  void reserve(std::size_t bytes);
  /// False, and all stays as it was, if there is no room for them.
  [[nodiscard]] bool append(std::string_view bytes) noexcept;
  void clear() noexcept { size_ = 0; }
  /// Gives back what it does not need, if it is large.
  void shrink() noexcept;
  /// Gives the memory back.
  void release() noexcept;
  void swap(body_buffer& other) noexcept;

private:
  [[nodiscard]] bool is_mapped() const noexcept { return capacity_ >= mapped_from; }

  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

} // namespace ccapi::http
