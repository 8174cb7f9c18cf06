#include "app/app.hpp"

#include "actors/pool/cli_installation.hpp"
#include "app/gateway_program.hpp"
#include "app/open_store.hpp"
#include "app/resource_limits.hpp"
#include "app/startup_text.hpp"
#include "observe/invariant_watch.hpp"
#include "observe/log.hpp"
#include "process/executable.hpp"
#include "process/thread_room.hpp"
#include "simulator/simulator.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace ccapi {

int run(const config::settings& settings, const config_loader& load_again, bool demo) {
  std::signal(SIGPIPE, SIG_IGN); // a broken pipe is an error code, not the end
  constexpr rlimit no_core{};    // keys and conversations would stay behind in it
  setrlimit(RLIMIT_CORE, &no_core);
  give_large_blocks_back();
  const auto wanted = gateway_program::threads_needed(settings);
  const auto granted = process::threads_granted(wanted);
  if (granted == 0) // so not even the log has one
    return refuse_start({}, too_few_threads(wanted, granted), {});
  const observe::logger log{
    observe::level_from(settings.log.level).value_or(observe::log_level::info),
    observe::format_from(settings.log.format).value_or(observe::log_format::text)};
  if (granted < wanted)
    return refuse_start(log, too_few_threads(wanted, granted), settings);
  const observe::invariant_watch watch{log};
  auto shim = process::find_shim(CCAPI_LIBEXEC_DIR);
  if (!shim)
    return refuse_start(log, shim.error(), settings);
  std::optional<actors::stand_in> in_place_of_cli;
  if (demo) {
    auto program = process::own_path();
    if (!program)
      return refuse_start(log, program.error(), settings);
    in_place_of_cli = actors::stand_in{*std::move(program), std::string{simulator::first_argument}};
  }
  auto cli = actors::find_installation(settings.claude, *shim, environ, log, in_place_of_cli);
  // The demo's canned answers are nothing to keep, unless somebody says where.
  const auto file =
    demo && settings.store.path.empty()
      ? std::string{}
      : store_path(settings.store, [](const char* name) { return std::getenv(name); });
  if (settings.store.enabled && !demo && file.empty())
    log.warning(
      "conversations are kept in memory only: none of STATE_DIRECTORY, XDG_STATE_HOME and "
      "HOME says where to keep them; set store.path");
  auto store = open_store(settings.store, file);
  if (!store)
    return refuse_start(log, store.error(), settings);
  std::optional<gateway_program> program;
  std::optional<domain::result<std::vector<std::string>>> addresses;
  try {
    program.emplace(settings, load_again, log, *std::move(shim), std::move(cli), *std::move(store));
    addresses = program->start();
  } catch (const std::exception& failure) {
    return refuse_start(log, start_failure(failure.what()), settings);
  }
  if (!addresses->has_value())
    return refuse_start(log, addresses->error(), settings);
  program->serve(**addresses);
  return 0;
}

} // namespace ccapi
