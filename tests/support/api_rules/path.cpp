#include "path.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <charconv>
#include <stdexcept>

namespace api_rules {

namespace json = boost::json;

namespace {

step parse_bracket(std::string_view inner) {
  step into;
  if (inner == "*") {
    into.what = step::kind::each;
    return into;
  }
  into.what = step::kind::element;
  std::from_chars(inner.data(), inner.data() + inner.size(), into.element);
  return into;
}

origin parse_origin(std::string_view name) {
  if (name == "body")
    return origin::body;
  if (name == "traits")
    return origin::traits;
  if (name == "betas")
    return origin::betas;
  if (name == "version")
    return origin::version;
  if (name == "^")
    return origin::around;
  if (name.empty())
    return origin::item;
  throw std::runtime_error("a path begins with " + std::string{name});
}

/// The value one step further; null if there is none.
const json::value* step_into(const json::value& from, const step& into) {
  if (into.what == step::kind::member) {
    const auto* object = from.if_object();
    return object != nullptr ? object->if_contains(into.member) : nullptr;
  }
  const auto* array = from.if_array();
  if (array == nullptr)
    return nullptr;
  const auto size = static_cast<std::ptrdiff_t>(array->size());
  const auto at = into.element < 0 ? into.element + size : into.element;
  return at >= 0 && at < size ? &(*array)[static_cast<std::size_t>(at)] : nullptr;
}

class item_search {
public:
  explicit item_search(const path& to)
    : to_{to} {}

  void run(const json::value& from, std::size_t at, item here, const json::value* element) {
    here.value = &from;
    for (; at < to_.steps.size(); ++at) {
      const auto& into = to_.steps[at];
      if (into.what == step::kind::each) {
        into_each(at + 1, here, element);
        return;
      }
      here.value = step_into(*here.value, into);
      if (here.value == nullptr)
        return;
      here.where += (here.where.empty() ? "" : ".") + into.member;
    }
    found.push_back(std::move(here));
  }

  std::vector<item> found;

private:
  void into_each(std::size_t next, const item& here, const json::value* element) {
    const auto* array = here.value->if_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
      item inner;
      inner.around = element;
      inner.where = here.where + '.' + std::to_string(i);
      inner.last = i + 1 == array->size();
      run((*array)[i], next, std::move(inner), &(*array)[i]);
    }
  }

  const path& to_;
};

} // namespace

path parse_path(std::string_view text) {
  const auto end = text.find_first_of(".[");
  path found;
  found.from = parse_origin(text.substr(0, end));
  for (auto rest = end == std::string_view::npos ? std::string_view{} : text.substr(end);
       !rest.empty();) {
    const bool bracket = rest.front() == '[';
    rest.remove_prefix(1);
    const auto stop = bracket ? rest.find(']') : rest.find_first_of(".[");
    const auto name = rest.substr(0, stop);
    if (bracket)
      found.steps.push_back(parse_bracket(name));
    else if (!name.empty())
      found.steps.push_back({step::kind::member, std::string{name}, 0});
    found.many = found.many || (bracket && name == "*");
    rest =
      stop == std::string_view::npos ? std::string_view{} : rest.substr(stop + (bracket ? 1 : 0));
  }
  return found;
}

const json::value* reach(const json::value& from, const path& to) {
  const auto* value = &from;
  for (const auto& into : to.steps)
    if (value = step_into(*value, into); value == nullptr)
      break;
  return value;
}

void descend(const json::value& from, const std::vector<step>& steps, std::size_t at,
             std::vector<const json::value*>& found) {
  const auto* value = &from;
  for (; at < steps.size(); ++at) {
    if (steps[at].what == step::kind::each) {
      if (const auto* array = value->if_array())
        for (const auto& element : *array)
          descend(element, steps, at + 1, found);
      return;
    }
    value = step_into(*value, steps[at]);
    if (value == nullptr)
      return;
  }
  found.push_back(value);
}

std::vector<item> items_at(const json::value& from, const path& to) {
  item_search search{to};
  item start;
  if (to.from == origin::betas)
    start.where = "betas";
  search.run(from, 0, std::move(start), nullptr);
  return std::move(search.found);
}

} // namespace api_rules
