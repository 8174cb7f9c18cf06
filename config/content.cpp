#include "config/content.hpp"

#include <algorithm>
#include <string_view>

namespace ccapi::config {

problem_text not_empty(const value& given) {
  const auto& text = std::get<std::string>(given);
  if (text.empty())
    return "must not be empty";
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 32; }))
    return "must not hold control characters";
  return {};
}

problem_text no_nul(const value& given) {
  if (std::get<std::string>(given).find('\0') != std::string::npos)
    return "must not hold a NUL character";
  return {};
}

problem_text real_model(const value& given) {
  if (std::get<std::string>(given) == "default")
    return "must name a model; \"default\" is what stands for it";
  return not_empty(given);
}

problem_text filled_list(const value& given) {
  for (const auto& item : std::get<text_list>(given))
    if (auto problem = not_empty(item))
      return "has an entry that " + *problem;
  return {};
}

problem_text host_names(const value& given) {
  const auto& names = std::get<text_list>(given);
  if (std::any_of(names.begin(), names.end(), [](const auto& name) {
        return name != "*" && name.find('*') != std::string::npos;
      }))
    return "must list whole names: a '*' inside one would let web pages in by DNS rebinding";
  return filled_list(given);
}

namespace {

bool is_url_host(std::string_view entry) {
  const auto is_in = [](std::string_view text, std::string_view more) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [more](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
             || more.find(c) != std::string_view::npos;
    });
  };
  const bool six = entry.starts_with('[');
  const auto end = six ? entry.find(']') : entry.find(':');
  if (six && end == std::string_view::npos)
    return false;
  const auto host = entry.substr(0, six ? end + 1 : end);
  const auto rest = entry.substr(host.size());
  const bool named = six ? is_in(host.substr(1, host.size() - 2), ":.") : is_in(host, "-._");
  return named
         && (rest.empty()
             || (rest.starts_with(':') && rest.size() > 1
                 && rest.find_first_not_of("0123456789", 1) == std::string_view::npos));
}

} // namespace

problem_text url_hosts(const value& given) {
  for (const auto& entry : std::get<text_list>(given))
    if (entry != "*" && !is_url_host(entry))
      return "has an entry that is no host as `name`, `name:port` or `[IPv6 address]`: " + entry;
  return {};
}

problem_text named_url_hosts(const value& given) {
  const auto& names = std::get<text_list>(given);
  if (std::find(names.begin(), names.end(), "*") != names.end())
    return "must name each host";
  return url_hosts(given);
}

problem_text origins(const value& given) {
  for (const auto& origin : std::get<text_list>(given)) {
    const auto scheme = origin.find("://");
    const bool has_host = scheme != std::string::npos && scheme > 0 && scheme + 3 < origin.size();
    if (!has_host || origin.find_first_of("/*?# ", scheme + 3) != std::string::npos
        || std::any_of(origin.begin(), origin.end(),
                       [](char c) { return c <= ' ' || c > '~' || (c >= 'A' && c <= 'Z'); }))
      return "has an entry that is no origin as browsers send it: scheme://host[:port], in lower "
             "case, with nothing behind it";
  }
  return {};
}

problem_text absolute_paths(const value& given) {
  for (const auto& path : std::get<text_list>(given)) {
    if (auto problem = not_empty(path))
      return "has an entry that " + *problem;
    if (path.front() != '/')
      return "has an entry that is no absolute path: " + path;
  }
  return {};
}

problem_text variable_patterns(const value& given) {
  for (const auto& name : std::get<text_list>(given)) {
    if (name.empty() || name.find_first_of(std::string_view{"=\0", 2}) != std::string::npos)
      return "has an entry that is no variable name";
    if (const auto star = name.find('*'); star != std::string::npos && star + 1 != name.size())
      return "has an entry with a '*' that is not its last character";
  }
  return {};
}

problem_text filled_table(const value& given) {
  for (const auto& [pattern, name] : std::get<text_table>(given))
    if (pattern.empty() || name.empty())
      return "has an empty pattern or name";
  return {};
}

} // namespace ccapi::config
