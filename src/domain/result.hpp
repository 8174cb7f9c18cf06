#pragma once
// result<T>: a value or a domain::error. C++20 has no std::expected; this is the part we need.

#include "domain/error.hpp"
#include "domain/invariant.hpp"

#include <exception>
#include <utility>
#include <variant>

namespace ccapi::domain {

/// A result was used without looking which of the two it holds: a defect of the caller.
class bad_result_access final : public std::exception {
public:
  const char* what() const noexcept override { return "a result was used for what it is not"; }
};

/// For operators that have nothing to return.
inline void require(bool holds, const char* what) {
  if (!invariant(holds, what))
    throw bad_result_access{};
}

/// Its operators throw bad_result_access where there is no such part.
template <class T>
class [[nodiscard]] result {
public:
  result(T value)
    : state_{std::in_place_index<0>, std::move(value)} {} // NOLINT: implicit by design
  result(domain::error failure)                           // NOLINT: implicit by design
    : state_{std::in_place_index<1>, std::move(failure)} {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & {
    require(has_value(), "result has a value");
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const& {
    require(has_value(), "result has a value");
    return *std::get_if<0>(&state_);
  }
  T&& operator*() && {
    require(has_value(), "result has a value");
    return std::move(*std::get_if<0>(&state_));
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

  domain::error& error() & {
    require(!has_value(), "result has an error");
    return *std::get_if<1>(&state_);
  }
  const domain::error& error() const& {
    require(!has_value(), "result has an error");
    return *std::get_if<1>(&state_);
  }
  domain::error&& error() && {
    require(!has_value(), "result has an error");
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
  const domain::error& error() const& {
    require(failed_, "result has an error");
    return failure_;
  }
  domain::error&& error() && {
    require(failed_, "result has an error");
    return std::move(failure_);
  }

private:
  domain::error failure_;
  bool failed_ = false;
};

} // namespace ccapi::domain
