#pragma once
// result<T>: a value or a domain::error. C++20 has no std::expected; this is the part we need.

#include "domain/error.hpp"

#include <cassert>
#include <utility>
#include <variant>

namespace ccapi::domain {

template <class T>
class [[nodiscard]] result {
public:
  result(T value)
    : state_{std::in_place_index<0>, std::move(value)} {} // NOLINT: implicit by design
  result(domain::error failure)                           // NOLINT: implicit by design
    : state_{std::in_place_index<1>, std::move(failure)} {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const& noexcept {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& operator*() && noexcept {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T* operator->() noexcept { return &**this; }
  const T* operator->() const noexcept { return &**this; }

  domain::error& error() & noexcept {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  const domain::error& error() const& noexcept {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  domain::error&& error() && noexcept {
    assert(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

private:
  std::variant<T, domain::error> state_;
};

template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(domain::error failure)
    : failure_{std::move(failure)},
      failed_{true} {} // NOLINT: implicit

  [[nodiscard]] bool has_value() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return has_value(); }
  const domain::error& error() const& noexcept {
    assert(failed_);
    return failure_;
  }
  domain::error&& error() && noexcept {
    assert(failed_);
    return std::move(failure_);
  }

private:
  domain::error failure_;
  bool failed_ = false;
};

} // namespace ccapi::domain
