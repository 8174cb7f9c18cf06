#pragma once
// Typed, checked access to the members of one JSON object; keeps the first failure, so that a
// caller reads many fields and asks once.

#include "domain/error.hpp"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ccapi::json {

/// "a string", "an array", ...: for messages.
std::string_view type_name(const simdjson::dom::element& value) noexcept;

/// Every getter returns nothing when the member is absent, null or of the wrong kind; the latter is
/// a failure (invalid_request with the member's path as `param`). After a failure all getters
/// return nothing. Borrows the document; one thread at a time.
class field_reader {
public:
  /// `path` leads to the object ("messages[2]"); empty for the body itself.
  explicit field_reader(simdjson::dom::object object, std::string path = {})
    : object_{object},
      path_{std::move(path)} {}

  std::optional<simdjson::dom::element> any(std::string_view name);
  std::optional<std::string_view> string(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<simdjson::dom::array> array(std::string_view name);
  std::optional<simdjson::dom::object> object(std::string_view name);
  /// A finite number from `low` to `high`.
  std::optional<double> number(std::string_view name, double low, double high);
  /// An integer from `low` to `high`; 3.0 is one, too.
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  /// As string(), but absence is a failure.
  std::optional<std::string_view> required_string(std::string_view name);

  /// Calls `read(field_reader&)` for each of `items`, the value of the member `name`; each must be
  /// an object. Ends with the first failure, which becomes this reader's.
  template <class Read>
  void each_object(std::string_view name, const simdjson::dom::array& items, Read read) {
    std::size_t index = 0;
    for (const auto item : items) {
      auto path = path_of(name, index++);
      simdjson::dom::object object;
      if (item.get(object) != simdjson::SUCCESS)
        return fail_type(std::move(path), "an object", item);
      field_reader entry{object, std::move(path)};
      read(entry);
      if (entry.failed())
        return fail(entry.take_failure());
    }
  }

  /// Where the member `name` is: "messages[2].role".
  [[nodiscard]] std::string path_of(std::string_view name) const;
  /// Where item `index` of the array `name` is: "messages[2].content[1]".
  [[nodiscard]] std::string path_of(std::string_view name, std::size_t index) const;

  /// Record a failure, unless there is one already.
  void fail_type(std::string path, std::string_view expected, const simdjson::dom::element& got);
  void fail_value(std::string path, std::string_view rule);
  void fail_missing(std::string path);
  /// `what` is a sentence on what can't be done.
  void fail_unsupported(std::string path, std::string_view what);
  void fail(domain::error failure);

  [[nodiscard]] bool failed() const noexcept { return failure_.has_value(); }
  /// Only after failed().
  domain::error take_failure() { return std::move(*failure_); }

private:
  template <class T>
  std::optional<T> typed(std::string_view name, std::string_view expected);

  void note_names();

  simdjson::dom::object object_;
  /// Marks of the members' names, from the first look-up in vain on. Most of what a reader asks
  /// for is absent, and each real look-up walks over all members.
  std::uint64_t names_ = 0;
  bool names_noted_ = false;
  std::string path_;
  std::optional<domain::error> failure_;
};

} // namespace ccapi::json
