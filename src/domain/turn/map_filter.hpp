#pragma once
// map_filter: makes maps again of the lists of entries that stand for them in what the API is told,
// while an answer comes in.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// The API takes no objects whose members have names of the model's choice. It is told of an object
/// with one member, a list: {"NAME":[{"key":"a","value":1},{"key":"b","value":2}]}, which comes out
/// as {"a":1,"b":2}. One per answer. Text that is no such object passes as it is, and at once.
class map_filter {
public:
  /// `name`: of the member that is the list. Quotes and backslashes in it are not escaped.
  explicit map_filter(std::string_view name);

  /// What of the answer so far can be shown now. Holds back no more than what may be the beginning
  /// of such an object or of an entry. Entries of another form make JSON that is none, so that a
  /// check of the whole answer fails.
  std::string pass(std::string_view piece);

  /// The answer is complete: what was held back and belongs to no entry.
  std::string finish();

private:
  enum class state : std::uint8_t {
    text,   ///< that passes
    string, ///< in a string that passes
    escape, ///< behind a backslash there
    object, ///< in the beginning of an object, perhaps a map
    first,  ///< behind the beginning of a map
    more,   ///< behind an entry
    next,   ///< behind the comma there
    entry,  ///< in the beginning of an entry, up to the key's first quote
    key,    ///< in the key
    key_escape,
    value, ///< behind the key, up to the value
    end,   ///< behind the list
    broken,
  };
  /// What stands around the next byte.
  enum class frame : char { plain = 'p', entry = 'e', empty_map = 'm', map = 'M' };

  void step(char next, std::string& shown);
  void step_text(char next, std::string& shown);
  void step_string(char next, std::string& shown);
  void step_object(char next, std::string& shown);
  void step_list(char next, std::string& shown);
  void step_entry(char next, std::string& shown);
  void step_key(char next, std::string& shown);

  /// Holds the byte as one more of `wanted`, white space between its tokens apart. False: it is
  /// none.
  bool matches(std::string_view wanted, char next);
  /// All of it has come, and is no longer held.
  bool is_whole(std::string_view wanted);
  void break_off(char next, std::string& shown);

  [[nodiscard]] bool is_in(frame what) const noexcept {
    return !around_.empty() && around_.back() == static_cast<char>(what);
  }
  void enter(frame what) { around_ += static_cast<char>(what); }

  std::string map_begin_;
  state state_ = state::text;
  std::string around_;      ///< frames, the innermost last
  std::string held_;        ///< of the beginning of a map, an entry or a value
  std::size_t matched_ = 0; ///< bytes of what is looked for
  bool in_name_ = false;    ///< the last one of them is within a string
};

} // namespace ccapi::domain
