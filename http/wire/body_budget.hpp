#pragma once
// body_budget: the memory that request bodies may take, all connections together.

#include "http/wire/body_buffer.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace ccapi::http {

/// Any thread.
class body_budget {
public:
  /// What simdjson wants behind a document; make_room keeps it free.
  static constexpr std::size_t padding = json::padded_text::padding;
  /// What each connection's body may take beside the budget, so that usual requests are served
  /// while large ones are refused.
  static constexpr std::size_t free_bytes = (std::size_t{64} << 10) + padding;

  class share;

  explicit body_budget(std::size_t bytes_max) noexcept
    : bytes_max_{bytes_max} {}

  /// Another limit from now on; what is taken stays so.
  void set(std::size_t bytes_max) noexcept { bytes_max_ = bytes_max; }
  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_.load(); }
  [[nodiscard]] std::size_t taken() const noexcept { return taken_.load(); }

private:
  bool take(std::size_t bytes) noexcept;

  std::atomic<std::size_t> bytes_max_;
  std::atomic<std::size_t> taken_{0};
};

/// What one connection's body takes; gives it back when destroyed. The connection's thread only.
class body_budget::share {
public:
  explicit share(std::shared_ptr<body_budget> owner) noexcept
    : owner_{std::move(owner)} {}
  ~share() { release(); }
  share(const share&) = delete;
  share& operator=(const share&) = delete;

  /// The body takes `bytes` from now on. False, and all stays as it was, if the budget has not that
  /// much left; less than before always works.
  [[nodiscard]] bool resize(std::size_t bytes) noexcept;
  void release() noexcept;

  /// Whether a body of this length would fit now.
  [[nodiscard]] bool has_room_for(std::size_t length) const noexcept;
  /// No body can be larger.
  [[nodiscard]] std::size_t bytes_max() const noexcept { return owner_->bytes_max(); }

private:
  std::shared_ptr<body_budget> owner_;
  std::size_t charged_ = 0;
};

/// Makes room in `body` for `more` bytes and the padding behind them; what it takes is charged
/// first, what it takes while it grows included. It grows to what is free or to twice its size, to
/// `size_max` if that is less, or by what is needed if no more is left. `beside`: further bytes
/// that are charged to the same share. False: no room.
[[nodiscard]] bool make_room(body_buffer& body, std::size_t more, std::size_t size_max,
                             body_budget::share& held, std::size_t beside = 0);

} // namespace ccapi::http
