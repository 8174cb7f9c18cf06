#include "app/store_commands.hpp"

#include "app/open_store.hpp"
#include "media/document.hpp"
#include "media/image.hpp"
#include "store/sqlite/maintenance.hpp"

#include <cstdlib>
#include <istream>
#include <ostream>
#include <string>

namespace ccapi {

namespace {

constexpr const char* program = "claude-code-api: ";

int refuse(const standard_streams& streams, const std::string& why) {
  streams.err << program << why << '\n';
  return EXIT_FAILURE;
}

/// Of the file that a gateway with these settings would use; empty: none.
std::string path_of(const config::store_settings& settings) {
  return store_path(settings, [](const char* name) { return std::getenv(name); });
}

constexpr const char* no_path = "there is no file: none of STATE_DIRECTORY, XDG_STATE_HOME and "
                                "HOME says where, and store.path is "
                                "empty.";

} // namespace

int check_store(const config::store_settings& settings, const standard_streams& streams) {
  const auto path = path_of(settings);
  if (path.empty())
    return refuse(streams, no_path);
  const auto report = store::check_file(path);
  streams.out << report.text;
  return report.sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

int export_store(const config::store_settings& settings, const standard_streams& streams) {
  const auto path = path_of(settings);
  if (path.empty())
    return refuse(streams, no_path);
  const auto report = store::export_lines(path, streams.out);
  if (!report)
    return refuse(streams, report.error().message);
  for (const auto& line : report->damaged)
    streams.err << program << line << '\n';
  streams.err << program << report->conversations << " conversations with " << report->turns
              << " turns written.\n";
  return report->damaged.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int import_store(const config::store_settings& settings, const standard_streams& streams) {
  const auto path = path_of(settings);
  if (path.empty())
    return refuse(streams, no_path);
  const auto report = store::import_lines(
    streams.in, path,
    {.picture = [](const auto& image) { return media::is_sound(image); },
     .document = [](const auto& document) { return media::is_sound(document); }});
  if (!report)
    return refuse(streams, report.error().message);
  streams.err << program << report->conversations << " conversations with " << report->turns
              << " turns added, " << report->present << " were there already.\n";
  return EXIT_SUCCESS;
}

} // namespace ccapi
