#include "http/router.hpp"

#include "domain/percent.hpp"

#include <array>
#include <optional>

namespace ccapi::http {

namespace {

/// Without one trailing slash and without /v1, once or twice (base URLs are pasted both ways).
std::string_view normalized(std::string_view path) noexcept {
  constexpr std::string_view version = "/v1";
  constexpr std::string_view root = "/";
  if (path == root)
    return root;
  if (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  for (int times = 0; times < 2; ++times)
    if (path.starts_with(version) && (path == version || path[version.size()] == '/'))
      path.remove_prefix(version.size());
  if (path == root)
    return {}; // a second slash at the end
  return path.empty() ? root : path;
}

/// The parameter (empty if the pattern has none) if the path fits.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  const auto brace = pattern.find('{');
  if (brace == std::string_view::npos)
    return pattern == path ? std::optional<std::string>{std::string{}} : std::nullopt;
  const bool one_segment = pattern.substr(brace) == "{id}";
  pattern = pattern.substr(0, brace);
  if (!path.starts_with(pattern) || path.size() == pattern.size())
    return std::nullopt;
  path.remove_prefix(pattern.size());
  if (one_segment && path.find('/') != std::string_view::npos)
    return std::nullopt;
  return domain::percent_decoded(path);
}

/// APIs that clients of OpenAI or Anthropic may look for: they are told what is not here.
struct absent_api {
  std::string_view path; ///< and everything below
  transport_problem problem;
};

constexpr absent_api absent(std::string_view path, std::string_view message) {
  return {path, {404, error_kind::not_found, "unknown_url", message}};
}

constexpr std::array absent_apis{
  absent("/embeddings", "Embeddings are not served here: Claude has no embedding model."),
  absent("/completions",
         "The text completions API is not served here; use POST /v1/chat/completions."),
  absent("/responses", "The Responses API is not served here; use POST /v1/chat/completions."),
  absent("/messages",
         "Anthropic's Messages API is not served here; use POST /v1/chat/completions."),
  absent("/images", "The images API is not served here: Claude makes no images."),
  absent("/audio", "The audio API is not served here: Claude neither hears nor speaks."),
  absent("/moderations", "The moderations API is not served here."),
  absent("/files", "The files API is not served here."),
  absent("/batches", "The batch API is not served here."),
  absent("/assistants", "The assistants API is not served here; use POST /v1/chat/completions."),
  absent("/threads", "The assistants API is not served here; use POST /v1/chat/completions."),
  absent("/conversations", "The items of a conversation are not served here."),
};

const transport_problem& problem_of_unknown(std::string_view path) noexcept {
  for (const auto& api : absent_apis)
    if (path.starts_with(api.path)
        && (path.size() == api.path.size() || path[api.path.size()] == '/'))
      return api.problem;
  return route_not_found;
}

constexpr endpoint any_options{
  "*", method::options, default_dialect, endpoints::show_methods, access::key, true};

} // namespace

route find_route(method verb, std::string_view path) {
  path = normalized(path);
  route result;
  for (const auto& candidate : api) {
    auto parameter = match(candidate.pattern, path);
    if (!parameter)
      continue;
    result.speaks = candidate.speaks;
    if (verb == candidate.verb || (verb == method::head && candidate.verb == method::get)) {
      result.found = &candidate;
      result.parameter = std::move(*parameter);
      result.allow.clear();
      return result;
    }
    result.allow += to_string(candidate.verb);
    result.allow += candidate.verb == method::get ? ", HEAD, " : ", ";
  }
  if (result.allow.empty()) {
    result.problem = &problem_of_unknown(path);
    return result;
  }
  result.allow += to_string(method::options);
  result.problem = &method_not_allowed;
  if (verb == method::options)
    result.found = &any_options;
  return result;
}

} // namespace ccapi::http
