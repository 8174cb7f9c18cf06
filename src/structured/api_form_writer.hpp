#pragma once
// api_form_writer: how api_form goes through a schema.
//
// A schema comes from outside, and can lead to one part over and over. So everything is bounded:
// the stack by the depth that schema::read allows and by that of objects put together from others,
// as definitions are written one after the other and not within each other; the work by counted
// steps; the text by its bytes.

#include "structured/api_form.hpp"
#include "structured/schema.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::structured {

/// As a JSON string.
std::string json_text(std::string_view text);

/// The description of a part, with what the API is not told otherwise, as a member behind others:
/// ,"description":"...". Empty: there is nothing to say.
std::string description_of(const simdjson::dom::object& from);

/// For one schema, which was read without a failure.
class api_form_writer {
public:
  api_form_writer(simdjson::dom::element root, std::string path)
    : root_{root},
      base_{path},
      path_{std::move(path)} {}

  domain::result<api_form> run();

private:
  using element = simdjson::dom::element;
  using object = simdjson::dom::object;

  /// Where it is, behind the schema that has it: ".items".
  using placed = std::pair<std::string, element>;

  /// What several schemas say of one object, all of which hold.
  struct merged_object {
    std::vector<std::pair<std::string_view, element>> properties;
    std::set<std::string_view> names; ///< of the properties
    std::vector<std::string_view> required;
    std::vector<placed> values;    ///< of members without a property
    std::optional<element> keys{}; ///< what 'propertyNames' says of those
    bool circular = false;         ///< one of them stands within itself
    bool closed = false;           ///< there are no members but properties and `patterns`
    bool patterns = false;         ///< there is 'patternProperties'
    bool described = false;        ///< there is 'properties', which may be empty
  };

  /// A part that has a name, as it stands within itself for the n-th time. The root's is "".
  using place = std::pair<std::string_view, std::size_t>;

  struct definition {
    std::string name;
    std::string text; ///< empty: it is impossible, if it is done
    bool is_done = false;
  };

  /// These append to `out_`. False: no value can fit it, because it goes on for ever or must not be
  /// there, or all has failed; what was appended is then of no use.
  bool form_of(element source, std::size_t level);
  bool form_of_part(const object& from, std::size_t level);
  bool form_of_kind(std::string_view kind, const object& from, std::size_t level);
  bool form_of_kinds(const simdjson::dom::array& kinds, const object& from, std::size_t level);
  bool form_of_values(const object& from, bool only_scalars);
  /// Any scalar: the API has no word for more.
  bool form_of_anything();
  bool form_of_object(const object& from, std::size_t level);
  bool form_of_map(const merged_object& wanted, const object& from, std::size_t level);
  bool form_of_array(const object& from, std::size_t level);
  bool form_of_alternatives(const simdjson::dom::array& of, const object& from, std::size_t level);
  /// Of those that `write` finds possible; false: none.
  template <class Write>
  bool any_of(const simdjson::dom::array& alternatives, const object& from, Write write);
  bool form_of_ref(std::string_view ref, std::size_t level);
  bool form_of_items(const object& from, std::size_t level);
  /// Of all that are possible, each form once; false: none is.
  bool form_of_any(const std::vector<placed>& parts, std::size_t level);

  [[nodiscard]] bool is_object_like(const object& from);
  [[nodiscard]] merged_object merge(const object& from);
  void take(merged_object& into, const object& from);
  void take_map(merged_object& into, const object& from);
  static bool is_map(const merged_object& what) noexcept;
  /// A map whose keys are known is an object with those properties.
  void name_members(merged_object& of);
  const std::string& map_name();

  bool find_root();
  void write_root_and_definitions();
  std::string put_together();

  /// It refers to itself, over others perhaps.
  bool is_circular(std::string_view ref);
  const std::set<std::string_view>& refs_in(std::string_view ref);
  void collect_refs(element from, std::set<std::string_view>& refs, bool are_names);
  std::optional<element> target_of(std::string_view ref);
  std::string definition_name(std::string_view ref);

  void add(std::string_view text);
  /// False: too much was done already.
  bool spend(std::size_t steps);
  void fail(std::string_view what);

  element root_;
  object root_object_{};
  std::string base_;
  std::string path_;
  std::map<std::string_view, std::optional<element>> targets_{};
  std::map<std::string_view, std::set<std::string_view>> refs_{};
  std::map<std::string_view, bool> circular_{};
  std::map<place, definition> definitions_{};
  std::vector<place> under_way_{}; ///< what each needs stands behind it
  std::map<std::string, std::size_t> names_{};
  std::string map_name_{}; ///< empty: no map yet
  std::string out_{};
  std::size_t bytes_ = 0; ///< of what is done
  std::size_t depth_ = 0; ///< parts under way within each other
  std::size_t parts_ = 0;
  std::size_t steps_ = 0;
  std::optional<domain::error> failure_{};
};

} // namespace ccapi::structured
