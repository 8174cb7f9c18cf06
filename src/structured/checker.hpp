#pragma once
// checker: holds a value against a schema.

#include "structured/schema.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ccapi::structured {

/// For one value. Its work is counted, because alternatives within alternatives can take more than
/// there is time for.
class checker {
public:
  /// What is wrong with the value, and where ("$.items[0].price must be at most 5"); nothing: it
  /// fits.
  std::optional<std::string> flaw_of(const rule& wanted, simdjson::dom::element value);

private:
  using element = simdjson::dom::element;

  bool fits(const rule& wanted, element value);
  bool fits_kind(const rule& wanted, element value);
  bool fits_values(const rule& wanted, element value);
  bool fits_numbers(const number_rules& wanted, element value);
  bool fits_strings(const string_rules& wanted, std::string_view value);
  bool fits_arrays(const array_rules& wanted, const simdjson::dom::array& value);
  bool fits_contained(const array_rules& wanted, const simdjson::dom::array& value);
  bool fits_unique(const simdjson::dom::array& value);
  bool fits_objects(const object_rules& wanted, const simdjson::dom::object& value);
  bool fits_member(const object_rules& wanted, std::string_view name, element value);
  bool fits_name(const rule& wanted, std::string_view name);
  bool fits_required(const object_rules& wanted, const std::vector<std::string_view>& present);
  bool fits_combinations(const rule& wanted, element value);
  bool matches(const RE2& pattern, std::string_view text);
  bool has_format(const RE2& format, std::string_view text);

  /// fits() without a word about what is wrong.
  bool fits_silently(const rule& wanted, element value);
  /// False, and takes the first flaw down.
  bool object_to(std::string_view what);
  /// False: too much was done already.
  bool spend(std::size_t steps);

  std::size_t spent_ = 0;
  std::size_t depth_ = 0;
  std::size_t silent_ = 0;
  std::vector<std::variant<std::string_view, std::size_t>> place_;
  std::optional<std::string> flaw_;
  bool exhausted_ = false;
};

} // namespace ccapi::structured
