#pragma once
// path: names values in a request, such as body.messages[*].content[*] or .text.

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace api_rules {

/// One step: into a member, an element (from the end if negative), or each element.
struct step {
  enum class kind { member, element, each };

  kind what = kind::member;
  std::string member;
  std::ptrdiff_t element = 0;
};

/// Where a path begins: at a part of the request, or at what the rule's `each` has found.
enum class origin { body, traits, betas, version, item, around };

struct path {
  origin from = origin::body;
  std::vector<step> steps;
  bool many = false; ///< has a step into each element
};

/// Throws std::runtime_error if it begins nowhere.
path parse_path(std::string_view text);

/// What a rule's `each` has found: a value, the list element around it, and its place.
struct item {
  const boost::json::value* value = nullptr;
  const boost::json::value* around = nullptr;
  std::string where;
  bool last = false;
};

/// The value that a path without [*] leads to; null if there is none.
const boost::json::value* reach(const boost::json::value& from, const path& to);
/// Every value that the steps lead to.
void descend(const boost::json::value& from, const std::vector<step>& steps, std::size_t at,
             std::vector<const boost::json::value*>& found);
/// The same with their places.
std::vector<item> items_at(const boost::json::value& from, const path& to);

} // namespace api_rules
