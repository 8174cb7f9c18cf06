#pragma once
// Lenient access to the fields of a parsed line: what is absent or of another type is empty.
// Internal to this room.

#include <simdjson.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ccapi::claude {

/// A JSON object, or nothing. Cheap to copy; lives as long as the parser's document.
class json_fields {
public:
  json_fields() = default;
  explicit json_fields(simdjson::dom::object object)
    : object_{object},
      present_{true} {}
  explicit json_fields(simdjson::dom::element element) {
    present_ = element.get(object_) == simdjson::SUCCESS;
  }

  [[nodiscard]] bool present() const noexcept { return present_; }

  [[nodiscard]] std::optional<simdjson::dom::element> find(std::string_view key) const {
    simdjson::dom::element value;
    if (!present_ || object_.at_key(key).get(value) != simdjson::SUCCESS)
      return std::nullopt;
    return value;
  }

  [[nodiscard]] std::string_view text(std::string_view key) const {
    std::string_view value;
    if (const auto element = find(key))
      if (element->get(value) != simdjson::SUCCESS)
        value = {};
    return value;
  }

  [[nodiscard]] bool flag(std::string_view key) const { return maybe_flag(key).value_or(false); }

  [[nodiscard]] std::optional<bool> maybe_flag(std::string_view key) const {
    bool value = false;
    const auto element = find(key);
    if (!element || element->get(value) != simdjson::SUCCESS)
      return std::nullopt;
    return value;
  }

  /// Fractions are rounded; the CLI writes some milliseconds with them.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const {
    constexpr double exact_max = 9007199254740992.0; // 2^53
    const auto element = find(key);
    if (!element)
      return std::nullopt;
    std::int64_t value = 0;
    if (element->get(value) == simdjson::SUCCESS)
      return value;
    double fraction = 0;
    if (element->get(fraction) == simdjson::SUCCESS && std::abs(fraction) <= exact_max)
      return std::llround(fraction);
    return std::nullopt;
  }

  [[nodiscard]] std::optional<double> number(std::string_view key) const {
    double value = 0;
    const auto element = find(key);
    if (!element || element->get(value) != simdjson::SUCCESS)
      return std::nullopt;
    return value;
  }

  [[nodiscard]] json_fields object(std::string_view key) const {
    const auto element = find(key);
    return element ? json_fields{*element} : json_fields{};
  }

  /// Calls `visit(simdjson::dom::element)` for each entry of the array `key`.
  template <class Visitor>
  void each(std::string_view key, Visitor visit) const {
    simdjson::dom::array entries;
    if (const auto element = find(key); element && element->get(entries) == simdjson::SUCCESS)
      for (const auto entry : entries)
        visit(entry);
  }

private:
  simdjson::dom::object object_;
  bool present_ = false;
};

} // namespace ccapi::claude
