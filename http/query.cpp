#include "http/query.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace ccapi::http {

namespace {

/// The raw values of all parameters of that name; nothing behind '=' is an empty one.
std::vector<std::string_view> values_of(std::string_view query, std::string_view name) {
  std::vector<std::string_view> values;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto parameter = query.substr(0, end);
    const auto equals = parameter.find('=');
    if (parameter.substr(0, equals) == name)
      values.push_back(equals == std::string_view::npos ? std::string_view{}
                                                        : parameter.substr(equals + 1));
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  return values;
}

} // namespace

bool has_query_parameter(std::string_view query, std::string_view name) {
  return !values_of(query, name).empty();
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  const auto values = values_of(query, name);
  return values.empty() ? std::nullopt : std::optional{values.front()};
}

domain::result<std::string> query_word(std::string_view query, std::string_view name,
                                       std::initializer_list<std::string_view> words) {
  const auto values = values_of(query, name);
  if (values.empty())
    return std::string{*words.begin()};
  if (values.size() == 1 && std::find(words.begin(), words.end(), values.front()) != words.end())
    return std::string{values.front()};
  std::string choices;
  for (const auto word : words)
    choices.append(choices.empty() ? "'" : " or '").append(word) += '\'';
  return domain::error{.code = domain::error_code::invalid_request,
                       .message = "The query parameter '" + std::string{name}
                                  + "' must be given once, as " + choices + ".",
                       .param = std::string{name},
                       .retry_useful = false};
}

domain::result<std::size_t> query_number(std::string_view query, std::string_view name,
                                         std::size_t fallback, std::size_t low, std::size_t high) {
  const auto values = values_of(query, name);
  if (values.empty())
    return fallback;
  const auto text = values.front();
  std::size_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failure == std::errc{} && end == text.data() + text.size();
  if (values.size() > 1 || !whole || number < low || number > high)
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "The query parameter '" + std::string{name}
                                    + "' must be given once, as an integer from "
                                    + std::to_string(low) + " to " + std::to_string(high) + ".",
                         .param = std::string{name},
                         .retry_useful = false};
  return number;
}

} // namespace ccapi::http
