#include "media/data_url.hpp"

namespace ccapi::media {

namespace {

constexpr std::string_view scheme = "data:";
constexpr std::size_t head_max = 256; // of a type and its parameters, generously

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  for (auto& each : lower)
    if (each >= 'A' && each <= 'Z')
      each = static_cast<char>(each - 'A' + 'a');
  return lower;
}

} // namespace

bool is_data_url(std::string_view url) {
  return in_lower_case(url.substr(0, scheme.size())) == scheme;
}

std::optional<data_url> split_data_url(std::string_view url) {
  if (!is_data_url(url))
    return std::nullopt;
  url.remove_prefix(scheme.size());
  const auto comma = url.substr(0, head_max).find(',');
  if (comma == std::string_view::npos)
    return data_url{};
  const auto head = url.substr(0, comma);
  const auto last = head.rfind(';');
  return data_url{.type = in_lower_case(head.substr(0, head.find(';'))),
                  .encoding = last == std::string_view::npos ? std::string{}
                                                             : in_lower_case(head.substr(last + 1)),
                  .data = url.substr(comma + 1)};
}

} // namespace ccapi::media
