#pragma once
// schema_compiler: makes the rules of a schema, and refuses what is none.

#include "structured/schema.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ccapi::structured {

/// For one schema. After a failure all of it is of no use.
class schema_compiler {
public:
  schema_compiler(schema& into, std::string path)
    : into_{into},
      base_{std::move(path)} {}

  /// Reads `into.source_`.
  domain::result<void> run();

private:
  using element = simdjson::dom::element;
  using object = simdjson::dom::object;

  struct pending {
    element source;
    rule* target;
    std::string path;
  };

  const rule* compile(element source);
  void fill(rule& target, element source);
  void read_kinds(rule& target, const object& from);
  void read_values(rule& target, const object& from);
  void read_numbers(rule& target, const object& from);
  void read_strings(rule& target, const object& from);
  void read_arrays(rule& target, const object& from);
  void read_objects(rule& target, const object& from);
  void read_properties(object_rules& rules, const object& from);
  void read_dependent(object_rules& rules, const object& from);
  void read_combinations(rule& target, const object& from);
  void read_ref(rule& target, const object& from);
  void refuse_unknown_ground(const object& from);

  /// The subschema under a keyword; null: there is none.
  const rule* part(const object& from, std::string_view keyword);
  std::vector<const rule*> parts(const object& from, std::string_view keyword);
  std::optional<double> number(const object& from, std::string_view keyword);
  count_range counts(const object& from, std::string_view least, std::string_view most);
  std::vector<std::string_view> names(element list);
  std::unique_ptr<RE2> pattern(std::string_view text);

  std::uint8_t kind_of(element word);
  [[nodiscard]] bool leads_to_itself() const;
  /// False: too much was done already.
  bool spend(std::size_t steps);
  void fail(std::string_view keyword, std::string_view what,
            domain::error_code code = domain::error_code::invalid_request);

  /// Makes the path longer while it lives.
  class step {
  public:
    step(std::string& path, std::string_view name)
      : path_{path},
        size_{path.size()} {
      path_.append(".").append(shown(name));
    }
    step(std::string& path, std::size_t index)
      : path_{path},
        size_{path.size()} {
      path_.append("[").append(std::to_string(index)).append("]");
    }
    ~step() { path_.resize(size_); }
    step(const step&) = delete;
    step& operator=(const step&) = delete;

  private:
    std::string& path_;
    std::size_t size_;
  };

  schema& into_;
  std::string base_;
  std::string path_{};
  std::unordered_map<std::string_view, rule*> refs_{};
  std::vector<pending> pending_{};
  std::size_t patterns_ = 0;
  std::size_t steps_ = 0;
  std::optional<domain::error> failure_{};
};

} // namespace ccapi::structured
