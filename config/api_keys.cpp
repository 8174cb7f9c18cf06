#include "config/api_keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ccapi::config {

namespace {

constexpr std::string_view hash_prefix = "sha256:";
constexpr std::size_t hash_digits = 64;
constexpr std::size_t name_length_max = 64;
constexpr std::size_t plain_key_length_max = 512;
constexpr std::string_view budget_member = "budget_usd_per_day";
constexpr std::string_view directories_member = "additional_dirs";
constexpr std::array<std::string_view, 10> members{"name",
                                                   "sha256",
                                                   "env",
                                                   "file",
                                                   "admin",
                                                   "profile",
                                                   "max_concurrent",
                                                   "requests_per_minute",
                                                   budget_member,
                                                   directories_member};

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= name_length_max
         && std::all_of(text.begin(), text.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                     || c == '.' || c == '_' || c == '-';
            });
}

bool is_hash(std::string_view text) noexcept {
  return text.size() == hash_digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// What is wrong with a key that is written down or was found; nothing if it may be used.
problem_text plain_key_problem(std::string_view key) {
  if (key.size() < plain_key_length_min)
    return "is shorter than 16 characters: it could be guessed";
  if (key.size() > plain_key_length_max)
    return "is longer than 512 characters";
  if (std::any_of(key.begin(), key.end(), [](char c) { return c <= ' ' || c > '~'; }))
    return "holds other characters than visible ASCII";
  return {};
}

const std::string* member_of(const text_table& record, std::string_view name) {
  const auto found = std::find_if(record.begin(), record.end(),
                                  [&](const auto& each) { return each.first == name; });
  return found == record.end() ? nullptr : &found->second;
}

std::optional<std::uint32_t> count_of(std::string_view text) noexcept {
  std::uint32_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end || number > 1'000'000)
    return {};
  return number;
}

/// US dollars, in millionths.
std::optional<std::int64_t> amount_of(std::string_view text) noexcept {
  constexpr double amount_max = 1e6;
  double amount = 0;
  const auto end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, amount);
  if (failure != std::errc{} || stop != end || !(amount >= 0 && amount <= amount_max))
    return {};
  const auto millionths = std::llround(amount * 1e6);
  if (amount > 0 && millionths == 0) // which would mean: no limit
    return {};
  return millionths;
}

/// As PATH has them: separated by colons.
std::vector<std::string> paths_in(std::string_view text) {
  std::vector<std::string> paths;
  while (!text.empty()) {
    const auto path = text.substr(0, text.find(':'));
    if (!path.empty())
      paths.emplace_back(path);
    text.remove_prefix(std::min(text.size(), path.size() + 1));
  }
  return paths;
}

problem_text unknown_member(const text_table& record) {
  for (const auto& [name, text] : record) {
    if (name == "key")
      return "has a `key`: write its hash as `sha256` (printf %s KEY | sha256sum), or name the "
             "variable (`env`) or file (`file`) that holds it";
    if (std::find(members.begin(), members.end(), name) == members.end())
      return "has an unknown member " + name;
  }
  return {};
}

problem_text record_problem(const text_table& record) {
  if (auto problem = unknown_member(record))
    return problem;
  const auto* name = member_of(record, "name");
  if (auto problem = key_name(name ? *name : ""))
    return problem;
  int sources = 0;
  for (const auto* each : {"sha256", "env", "file"})
    sources += member_of(record, each) ? 1 : 0;
  if (sources != 1)
    return "needs exactly one of `sha256`, `env` and `file`";
  if (const auto* hash = member_of(record, "sha256"); hash && !is_hash(*hash))
    return "has a `sha256` that is not 64 hex digits";
  for (const auto* each : {"env", "file"})
    if (const auto* text = member_of(record, each);
        text && (text->empty() || text->find('\0') != std::string::npos))
      return std::string{"has an empty `"} + each + '`';
  if (const auto* admin = member_of(record, "admin");
      admin && *admin != "true" && *admin != "false")
    return "has an `admin` that is neither true nor false";
  if (const auto* profile = member_of(record, "profile"); profile && *profile != "chat")
    return "has a `profile` other than `chat`, the only one in this version";
  for (const auto* each : {"max_concurrent", "requests_per_minute"})
    if (const auto* text = member_of(record, each); text && !count_of(*text))
      return std::string{"has a `"} + each + "` that is not a number from 0 to 1000000";
  if (const auto* text = member_of(record, budget_member); text && !amount_of(*text))
    return "has a `budget_usd_per_day` that is not 0, nor an amount from 0.000001 to 1000000";
  if (const auto* text = member_of(record, directories_member))
    if (const auto problem = absolute_paths(paths_in(*text)))
      return "has an `additional_dirs` (paths, separated by ':') that " + *problem;
  return {};
}

std::string trimmed_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  constexpr std::string_view blank = " \t\r";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos)
    return {};
  return std::string{text.substr(first, text.find_last_not_of(blank) - first + 1)};
}

class resolver {
public:
  resolver(const key_sources& sources, std::vector<problem>& problems)
    : sources_{sources},
      problems_{problems} {}

  void add(const text_table& record) {
    api_key made;
    if (const auto* name = member_of(record, "name"))
      made.name = *name;
    if (const auto* hash = member_of(record, "sha256"))
      made.sha256 = lower(*hash);
    else
      made.secret = looked_up(record, made.name);
    if (const auto* admin = member_of(record, "admin"))
      made.admin = *admin == "true";
    if (const auto* profile = member_of(record, "profile"))
      made.profile = *profile;
    if (const auto* paths = member_of(record, directories_member))
      made.additional_dirs = paths_in(*paths);
    made.max_concurrent = number(record, "max_concurrent");
    made.requests_per_minute = number(record, "requests_per_minute");
    if (const auto* text = member_of(record, budget_member))
      made.budget_micro_usd_per_day = amount_of(*text).value_or(0);
    keep(std::move(made), "auth.keys");
  }

  void add(const std::string& text, std::size_t place) {
    api_key made;
    made.name = "key-" + std::to_string(place);
    if (std::string_view{text}.starts_with(hash_prefix))
      made.sha256 = lower(std::string_view{text}.substr(hash_prefix.size()));
    else
      made.secret = text;
    keep(std::move(made), "auth.api_keys");
  }

  std::vector<api_key> take() { return std::move(keys_); }

private:
  static std::uint32_t number(const text_table& record, std::string_view name) {
    const auto* text = member_of(record, name);
    return text ? count_of(*text).value_or(0) : 0;
  }

  std::string looked_up(const text_table& record, const std::string& name) {
    const std::string entry = "auth.keys: the entry " + name;
    std::string found;
    if (const auto* variable = member_of(record, "env")) {
      auto value = sources_.variable(*variable);
      if (!value) {
        problems_.push_back({entry, "names the variable " + *variable + ", which is not set"});
        return {};
      }
      if (sources_.reaches_cli(*variable))
        problems_.push_back({entry, "names the variable " + *variable
                                      + ", which claude.env_allow hands on to the CLI: keep the "
                                        "key in one of another name"});
      found = trimmed_line(*value);
    } else if (const auto* file = member_of(record, "file")) {
      auto content = sources_.file(*file);
      if (auto* trouble = std::get_if<problem>(&content)) {
        problems_.push_back(
          {entry, "names the file " + trouble->where + ", which " + trouble->text});
        return {};
      }
      found = trimmed_line(std::get<std::string>(content));
    }
    if (const auto wrong = plain_key_problem(found))
      problems_.push_back({entry, "leads to a key that " + *wrong});
    return found;
  }

  void keep(api_key made, const char* where) {
    for (const auto& other : keys_) {
      if (other.name == made.name)
        problems_.push_back({where, "two keys have the name " + made.name});
      const bool same = made.secret.empty() ? !made.sha256.empty() && made.sha256 == other.sha256
                                            : made.secret == other.secret;
      if (same)
        problems_.push_back({where, other.name + " and " + made.name + " are the same key"});
    }
    keys_.push_back(std::move(made));
  }

  const key_sources& sources_;
  std::vector<problem>& problems_;
  std::vector<api_key> keys_;
};

} // namespace

problem_text key_name(std::string_view text) {
  if (!is_name(text))
    return "needs a name of 1 to 64 letters, digits, '.', '_' and '-'";
  return {};
}

problem_text key_records(const value& given) {
  std::size_t place = 0;
  for (const auto& record : std::get<text_records>(given)) {
    ++place;
    if (const auto wrong = record_problem(record))
      return "entry " + std::to_string(place) + ' ' + *wrong;
  }
  return {};
}

problem_text plain_keys(const value& given) {
  std::size_t place = 0;
  for (const auto& text : std::get<text_list>(given)) {
    ++place;
    const auto entry = "entry " + std::to_string(place) + ' ';
    if (std::string_view{text}.starts_with(hash_prefix)) {
      if (!is_hash(std::string_view{text}.substr(hash_prefix.size())))
        return entry + "is not `sha256:` and 64 hex digits";
    } else if (const auto wrong = plain_key_problem(text)) {
      return entry + *wrong;
    }
  }
  return {};
}

std::vector<api_key> resolve_api_keys(const auth_settings& given, const key_sources& sources,
                                      std::vector<problem>& problems) {
  resolver made{sources, problems};
  for (const auto& record : given.keys)
    made.add(record);
  std::size_t place = 0;
  for (const auto& text : given.api_keys)
    made.add(text, ++place);
  return made.take();
}

} // namespace ccapi::config
