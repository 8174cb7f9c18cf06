#pragma once
// api_rules: which requests Anthropic's Messages API refuses. Evaluates
// src/anthropic/api_rules.json but for some of its named checks (see checks.hpp);
// tests/support/api_rules.py evaluates the same file.

#include "path.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api_rules {

/// What rules may look at.
struct request {
  boost::json::value body;
  boost::json::value betas = boost::json::array(); ///< strings of the header anthropic-beta
  boost::json::value version = "2023-06-01";
  std::string endpoint = "messages"; ///< or count_tokens
};

/// Why a request is not answered.
struct refusal {
  std::string rule;
  int status = 400;
  std::string type;
  std::string text;

  friend bool operator==(const refusal& a, const refusal& b) {
    return a.rule == b.rule && a.status == b.status && a.type == b.type && a.text == b.text;
  }
};

/// A condition of a rule: what must hold for some value at a path, or for other conditions.
struct test {
  enum class kind { value, given, null, repeats, last, any, all, negated };
  /// An operand is a literal, or what stands at a path.
  struct operand {
    const boost::json::value* literal = nullptr;
    std::optional<path> elsewhere;
  };

  kind what = kind::value;
  bool wanted = true; ///< of given, null, repeats and last
  path at;
  std::vector<std::pair<std::string, operand>> demands;
  std::vector<test> inner;
};

/// The rules of one file. Immutable.
class rule_book {
public:
  /// Throws std::runtime_error with the reason if the file is missing or no file of rules.
  explicit rule_book(const std::string& file);

  /// The first refusal. `unsure`: with the rules that are off.
  [[nodiscard]] std::optional<refusal> check(const request& what, bool unsure = false) const;
  /// What is known of a model; null if there is none of this name.
  [[nodiscard]] const boost::json::value* traits(std::string_view model) const;
  /// The file as it stands, examples included.
  [[nodiscard]] const boost::json::object& document() const { return document_.get_object(); }

private:
  struct rule {
    const boost::json::object* written = nullptr;
    bool sure = true;
    std::string only;
    std::optional<std::map<std::string, std::string>> (*check)(const request&) = nullptr;
    std::vector<std::size_t> each; ///< among places_
    std::vector<test> when;
  };

  std::size_t place(std::string_view written);
  static std::optional<refusal> try_on(const rule& tried, const request& what,
                                       const boost::json::value* known,
                                       const std::vector<item>& places);

  boost::json::value document_;
  std::vector<rule> rules_;
  std::vector<std::pair<std::string, path>> places_; ///< rules share them
};

/// The file of this source tree, or the one that ANTHROPIC_FAKE_RULES names.
std::string default_file();

} // namespace api_rules
