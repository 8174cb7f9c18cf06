#include "app/open_store.hpp"

#include "store/sqlite/sqlite_store.hpp"

#include <string_view>
#include <utility>

namespace ccapi {

namespace {

constexpr std::string_view file_name = "conversations.sqlite";

} // namespace

std::string store_path(const config::store_settings& settings,
                       const std::function<const char*(const char*)>& variable) {
  if (!settings.path.empty())
    return settings.path;
  const auto in = [&](const char* name, std::string_view below) -> std::string {
    const char* const value = variable(name);
    if (value == nullptr || value[0] != '/') // relative ones are to be ignored
      return {};
    std::string_view directory{value};
    directory = directory.substr(0, directory.find(':')); // systemd may name several
    return std::string{directory}.append(below).append(file_name);
  };
  if (auto path = in("STATE_DIRECTORY", "/"); !path.empty())
    return path;
  if (auto path = in("XDG_STATE_HOME", "/claude-code-api/"); !path.empty())
    return path;
  return in("HOME", "/.local/state/claude-code-api/");
}

domain::result<std::unique_ptr<domain::store>> open_store(const config::store_settings& settings,
                                                          const std::string& path) {
  if (!settings.enabled || path.empty())
    return std::unique_ptr<domain::store>{};
  const auto durability = settings.durability == config::store_durability::after_answer
                            ? store::durability::after_answer
                            : store::durability::commit_before_answer;
  auto opened = store::sqlite_store::open(
    {.path = path, .durability = durability, .commit_timeout = settings.commit_timeout});
  if (!opened)
    return std::move(opened).error();
  return std::unique_ptr<domain::store>{*std::move(opened)};
}

} // namespace ccapi
