#include "api_rules.hpp"

#include "checks.hpp"
#include "demand.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>

namespace api_rules {

namespace json = boost::json;

namespace {

using values = std::vector<const json::value*>;

std::string_view text_at(const json::object& object, std::string_view key,
                         std::string_view otherwise) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view{value->get_string()} : otherwise;
}

json::value read(const std::string& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream)
    throw std::runtime_error("can't read " + file);
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  boost::system::error_code failure;
  auto parsed = json::parse(text, failure);
  if (failure || !parsed.is_object())
    throw std::runtime_error(file + " is no file of rules");
  return parsed;
}

test::operand parse_operand(const json::value& written) {
  test::operand found;
  const auto* object = written.if_object();
  if (object != nullptr && object->contains("at"))
    found.elsewhere = parse_path(text_at(*object, "at", {}));
  else
    found.literal = &written;
  return found;
}

test parse_test(const json::object& written) {
  test found;
  for (const auto& [name, kind] : {std::pair{"any", test::kind::any}, {"all", test::kind::all}})
    if (const auto* inner = written.if_contains(name)) {
      found.what = kind;
      for (const auto& each : inner->as_array())
        found.inner.push_back(parse_test(each.as_object()));
      return found;
    }
  if (const auto* inner = written.if_contains("not")) {
    found.what = test::kind::negated;
    found.inner.push_back(parse_test(inner->as_object()));
    return found;
  }
  if (const auto at = text_at(written, "at", {}); !at.empty())
    found.at = parse_path(at);
  for (const auto& [name, kind] : {std::pair{"last", test::kind::last},
                                   {"given", test::kind::given},
                                   {"null", test::kind::null},
                                   {"repeats", test::kind::repeats}})
    if (const auto* wanted = written.if_contains(name)) {
      found.what = kind;
      found.wanted = wanted->as_bool();
      return found;
    }
  for (const auto& member : written)
    if (member.key() != "at")
      found.demands.emplace_back(member.key(), parse_operand(member.value()));
  return found;
}

bool is_dated(std::string_view model) {
  return model.size() > 9 && model[model.size() - 9] == '-'
         && std::all_of(model.end() - 8, model.end(),
                        [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// A rule's condition on one item of a request.
class scene {
public:
  scene(const request& what, const json::value* traits, const item& here)
    : what_{what},
      traits_{traits},
      here_{here} {}

  [[nodiscard]] bool holds(const test& wanted) {
    switch (wanted.what) {
    case test::kind::any:
      return std::any_of(wanted.inner.begin(), wanted.inner.end(),
                         [this](const test& each) { return holds(each); });
    case test::kind::all:
      return std::all_of(wanted.inner.begin(), wanted.inner.end(),
                         [this](const test& each) { return holds(each); });
    case test::kind::negated:
      return !holds(wanted.inner.front());
    case test::kind::last:
      return here_.last == wanted.wanted;
    case test::kind::null: {
      const auto all = all_values(wanted.at);
      return std::any_of(all.begin(), all.end(), [](const auto* v) { return v->is_null(); })
             == wanted.wanted;
    }
    case test::kind::given:
      if (!wanted.at.many)
        return (one_at(wanted.at) != nullptr) == wanted.wanted;
      return given(wanted.at).empty() != wanted.wanted;
    case test::kind::repeats:
      return repeats(given(wanted.at));
    case test::kind::value:
      break;
    }
    if (!wanted.at.many) {
      const auto* value = one_at(wanted.at);
      return value != nullptr && meets(*value, wanted);
    }
    const auto found = given(wanted.at);
    return std::any_of(found.begin(), found.end(),
                       [&](const auto* value) { return meets(*value, wanted); });
  }

  /// Takes over what a check found; false if that is nothing.
  bool name_by(std::optional<std::map<std::string, std::string>> found) {
    if (found)
      names_.insert(found->begin(), found->end());
    return found.has_value();
  }

  /// The text with every ${...} filled in.
  [[nodiscard]] std::string text(std::string_view pattern) const {
    std::string filled;
    for (auto open = pattern.find("${"); open != std::string_view::npos;
         open = pattern.find("${")) {
      const auto close = pattern.find('}', open);
      filled += pattern.substr(0, open);
      filled += filling(pattern.substr(open + 2, close - open - 2));
      pattern.remove_prefix(close + 1);
    }
    return filled += pattern;
  }

private:
  [[nodiscard]] const json::value* root(origin from) const {
    switch (from) {
    case origin::body:
      return &what_.body;
    case origin::traits:
      return traits_;
    case origin::betas:
      return &what_.betas;
    case origin::version:
      return &what_.version;
    case origin::item:
      return here_.value;
    case origin::around:
      return here_.around;
    }
    return nullptr;
  }

  /// The value at a path without [*] that is not null; null if there is none.
  [[nodiscard]] const json::value* one_at(const path& at) const {
    const auto* from = root(at.from);
    const auto* found = from != nullptr ? reach(*from, at) : nullptr;
    return found != nullptr && !found->is_null() ? found : nullptr;
  }

  [[nodiscard]] values all_values(const path& at) const {
    values found;
    if (const auto* from = root(at.from))
      descend(*from, at.steps, 0, found);
    return found;
  }

  /// Without those that are null.
  [[nodiscard]] values given(const path& at) const {
    auto found = all_values(at);
    found.erase(std::remove_if(found.begin(), found.end(),
                               [](const auto* value) { return value->is_null(); }),
                found.end());
    return found;
  }

  static bool repeats(const values& found) {
    for (auto one = found.begin(); one != found.end(); ++one)
      if (std::any_of(found.begin(), one, [&](const auto* other) { return same(**one, *other); }))
        return true;
    return false;
  }

  bool meets(const json::value& value, const test& wanted) {
    for (const auto& [name, operand] : wanted.demands) {
      if (name == "keys_beyond") {
        auto key = key_beyond(value, *operand.literal);
        if (!key)
          return false;
        key_ = std::move(*key);
      } else if (operand.literal != nullptr ? !fulfils(name, value, *operand.literal)
                                            : !fulfils(name, value, found_at(*operand.elsewhere))) {
        return false;
      }
    }
    return true;
  }

  /// What another path leads to: a value, or a list of them if it has a [*].
  [[nodiscard]] json::value found_at(const path& elsewhere) const {
    const auto found = given(elsewhere);
    if (!elsewhere.many)
      return found.empty() ? json::value(json::array()) : *found.front();
    json::array all;
    for (const auto* value : found)
      all.push_back(*value);
    return json::value(std::move(all));
  }

  [[nodiscard]] std::string filling(std::string_view name) const {
    if (name == "KEY")
      return key_;
    if (const auto found = names_.find(name); found != names_.end())
      return found->second;
    if (name == "where")
      return here_.where;
    const bool length = name.ends_with(":length");
    const auto found = given(parse_path(name.substr(0, name.find(':'))));
    if (found.empty())
      return {};
    if (length)
      return std::to_string(size_of(*found.front()));
    return found.front()->is_string() ? std::string{found.front()->get_string()}
                                      : json::serialize(*found.front());
  }

  const request& what_;
  const json::value* traits_;
  const item& here_;
  std::string key_;
  std::map<std::string, std::string, std::less<>> names_;
};

} // namespace

rule_book::rule_book(const std::string& file)
  : document_(read(file)) {
  for (const auto& each : document().at("rules").as_array()) {
    const auto& written = each.as_object();
    const auto* when = written.if_contains("when");
    const auto check = find_check(text_at(written, "check", {}));
    if (when == nullptr && check == nullptr)
      continue; // a check that only Python has
    rule next{&written,
              text_at(written, "certainty", {}) != "U",
              std::string{text_at(written, "only", {})},
              check,
              {},
              {}};
    if (const auto* places = written.if_contains("each")) {
      if (places->is_string())
        next.each.push_back(place(places->get_string()));
      else
        for (const auto& each_place : places->as_array())
          next.each.push_back(place(each_place.as_string()));
    }
    if (when != nullptr)
      for (const auto& condition : when->as_array())
        next.when.push_back(parse_test(condition.as_object()));
    rules_.push_back(std::move(next));
  }
}

const json::value* rule_book::traits(std::string_view model) const {
  const auto name = is_dated(model) ? model.substr(0, model.size() - 9) : model;
  for (const auto& each : document().at("retired").as_array()) {
    const std::string_view retired{each.as_string()};
    if (name == retired
        || (retired.ends_with('*') && model.starts_with(retired.substr(0, retired.size() - 1))))
      return nullptr;
  }
  for (const auto& each : document().at("models").as_array())
    for (const auto& id : each.as_object().at("ids").as_array())
      if (id.as_string() == name)
        return &each;
  return model.starts_with("claude-") ? traits(document().at("newest").as_string()) : nullptr;
}

std::size_t rule_book::place(std::string_view written) {
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (places_[i].first == written)
      return i;
  places_.emplace_back(written, parse_path(written));
  return places_.size() - 1;
}

std::optional<refusal> rule_book::check(const request& what, bool unsure) const {
  const auto* body = what.body.if_object();
  const auto* known = body != nullptr ? traits(text_at(*body, "model", {})) : nullptr;
  std::vector<std::optional<std::vector<item>>> found(places_.size());
  const auto items = [&](std::size_t place) -> const std::vector<item>& {
    const auto& to = places_[place].second;
    if (!found[place])
      found[place] = items_at(to.from == origin::betas ? what.betas : what.body, to);
    return *found[place];
  };
  const std::vector<item> whole(1); // of rules without places
  for (const auto& each : rules_) {
    if ((!each.sure && !unsure) || (!each.only.empty() && each.only != what.endpoint))
      continue;
    if (each.each.empty())
      if (auto refused = try_on(each, what, known, whole))
        return refused;
    for (const auto place : each.each)
      if (auto refused = try_on(each, what, known, items(place)))
        return refused;
  }
  return std::nullopt;
}

std::optional<refusal> rule_book::try_on(const rule& tried, const request& what,
                                         const json::value* known,
                                         const std::vector<item>& places) {
  for (const auto& place : places) {
    scene here{what, known, place};
    if (tried.check != nullptr && !here.name_by(tried.check(what)))
      continue;
    if (!std::all_of(tried.when.begin(), tried.when.end(),
                     [&here](const test& wanted) { return here.holds(wanted); }))
      continue;
    const auto* status = tried.written->if_contains("status");
    return refusal{std::string{text_at(*tried.written, "id", {})},
                   status != nullptr ? status->to_number<int>() : 400,
                   std::string{text_at(*tried.written, "type", "invalid_request_error")},
                   here.text(text_at(*tried.written, "text", {}))};
  }
  return std::nullopt;
}

std::string default_file() {
  const char* given = std::getenv("ANTHROPIC_FAKE_RULES");
  return given != nullptr ? given : API_RULES_FILE;
}

} // namespace api_rules
