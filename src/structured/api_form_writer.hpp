#pragma once
// api_form_writer: how api_form goes through a schema.

#include "structured/schema.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::structured {

/// How many schemas may say something of one object, one leading to the next.
inline constexpr std::size_t hops_max = 32;

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

  domain::result<std::string> run();

private:
  using element = simdjson::dom::element;
  using object = simdjson::dom::object;
  /// Nothing: no value can fit it, because it goes on for ever or must not be there.
  using form = std::optional<std::string>;

  /// What several schemas say of one object, all of which hold.
  struct merged_object {
    std::vector<std::pair<std::string_view, element>> properties;
    std::vector<std::string_view> required;
    bool closed = false; ///< the client says that there are no other members
  };

  form form_of(element source, std::size_t level);
  form form_of_kind(std::string_view kind, const object& from, std::size_t level);
  form form_of_kinds(const simdjson::dom::array& kinds, const object& from, std::size_t level);
  form form_of_values(const object& from);
  form form_of_object(const object& from, std::size_t level);
  form form_of_array(const object& from, std::size_t level);
  form form_of_alternatives(const simdjson::dom::array& of, const object& from, std::size_t level);
  form form_of_ref(std::string_view ref, std::size_t level);
  form form_of_items(const object& from, std::size_t level);
  [[nodiscard]] bool is_object_like(const object& from, std::size_t hops = 0) const;
  void merge(merged_object& into, const object& from, std::size_t hops) const;

  /// It refers to itself, over others perhaps.
  bool is_circular(std::string_view ref);
  const std::set<std::string_view>& refs_in(std::string_view ref);
  std::string definition_name(std::string_view ref);
  void fail(std::string_view what);

  element root_;
  std::string base_;
  std::string path_;
  std::map<std::string_view, std::set<std::string_view>> refs_{};
  std::map<std::string_view, bool> circular_{};
  std::map<std::pair<std::string_view, std::size_t>, std::string> names_{}; ///< "": impossible
  std::set<std::string> taken_{};
  std::vector<std::pair<std::string, std::string>> definitions_{};
  std::size_t parts_ = 0;
  std::optional<domain::error> failure_{};
};

} // namespace ccapi::structured
