#pragma once
// schema: a JSON schema as it is checked here, made once for a request.

#include "domain/result.hpp"
#include "json/reader.hpp"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <re2/re2.h>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::structured {

struct rule; // below

/// Kinds of JSON values, to be added up.
namespace kind {
inline constexpr std::uint8_t null = 1, boolean = 2, integer = 4, number = 8, string = 16,
                              array = 32, object = 64, all = 127;
}

inline constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

struct count_range {
  std::size_t least = 0;
  std::size_t most = no_limit;
};

struct number_rules {
  std::optional<double> minimum, maximum, above, below, multiple_of;
};

struct string_rules {
  count_range length;           ///< in code points
  std::unique_ptr<RE2> pattern; ///< null: any
  const RE2* format = nullptr;  ///< of a format that is known here
  std::string_view format_name;
};

struct array_rules {
  std::vector<const rule*> first; ///< of the first items
  const rule* items = nullptr;    ///< of all others; null: any
  count_range size;
  bool unique = false;
  const rule* contains = nullptr;
  count_range contained{1, no_limit};
};

struct object_rules {
  std::map<std::string_view, const rule*> properties;
  std::vector<std::string_view> required;
  std::vector<std::pair<std::unique_ptr<RE2>, const rule*>> patterns;
  const rule* others = nullptr; ///< of members that neither names; null: any
  const rule* names = nullptr;
  count_range size;
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> dependent;
};

/// One schema among those that a schema consists of. What it points to belongs to the schema.
struct rule {
  std::uint8_t kinds = kind::all;
  std::unique_ptr<std::set<std::string>> values; ///< enum and const, in canonical form; null: any
  std::unique_ptr<number_rules> numbers;
  std::unique_ptr<string_rules> strings;
  std::unique_ptr<array_rules> arrays;
  std::unique_ptr<object_rules> objects;
  std::vector<const rule*> all_of; ///< with what $ref leads to
  std::vector<const rule*> any_of;
  std::vector<const rule*> one_of;
  const rule* none_of = nullptr;
  const rule* condition = nullptr;
  const rule* then = nullptr;
  const rule* otherwise = nullptr;
};

/// Immutable; any thread.
class schema {
public:
  /// `path`: where the client wrote it, for messages. Fails with: invalid_request (not a schema),
  /// unsupported_parameter (one that can't be checked here); `param` leads to the keyword.
  static domain::result<std::unique_ptr<const schema>> read(std::string text, std::string path);

  [[nodiscard]] const rule& root() const noexcept { return rules_.front(); }
  [[nodiscard]] simdjson::dom::element source() const noexcept { return source_; }

private:
  friend class schema_compiler;
  schema() = default;

  json::reader reader_{json::limits{}};
  simdjson::dom::element source_;
  std::deque<rule> rules_;
};

/// What "#/..." leads to in a schema; nothing: it leads nowhere, or out of it.
std::optional<simdjson::dom::element> follow(simdjson::dom::element root, std::string_view ref);

/// Where that is, behind the path of the schema: ".$defs.name".
std::string place_of(std::string_view ref);

/// The value as text that is the same for equal values: sorted keys, numbers by value.
std::string canonical_form(simdjson::dom::element value);

/// "name", or a shorter one if it is long: for messages.
std::string shown(std::string_view name);

} // namespace ccapi::structured
