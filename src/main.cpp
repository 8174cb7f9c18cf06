#include "app/app.hpp"
#include "app/store_commands.hpp"
#include "config/api_keys.hpp"
#include "config/load.hpp"
#include "config/print.hpp"
#include "domain/ids.hpp"
#include "http/access/key_ring.hpp"
#include "http/access/start_policy.hpp"
#include "observe/log.hpp"
#include "simulator/simulator.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <unistd.h>
#include <variant>
#include <vector>

namespace {

using namespace ccapi;

/// EX_CONFIG of sysexits.h.
constexpr int exit_configuration = 78;

struct command_line {
  config::source_options sources;
  bool demo = false;
  bool check_config = false;
  bool print_config = false;
  bool print_default_config = false;
  bool print_config_docs = false;
  std::optional<std::string> new_key;
  /// What to do with the store's file, instead of serving.
  int (*store_command)(const config::store_settings&, const standard_streams&) = nullptr;
};

constexpr const char* description =
  "Serves the OpenAI API with your own Claude Code CLI behind it.\n"
  "Listens on 127.0.0.1:8080 unless told otherwise.";

constexpr const char* example = R"(Example:
  claude-code-api --port 8080
  curl http://127.0.0.1:8080/v1/chat/completions -H 'Content-Type: application/json' \
    -d '{"model": "sonnet", "messages": [{"role": "user", "content": "Hello"}]}'

Further keys: docs/configuration.md, or --print-config. Exit code 78: wrong configuration.)";

void add_options(CLI::App& app, command_line& line) {
  const auto sets = [&](const char* flag, const char* key, const char* type, const char* help) {
    app
      .add_option_function<std::string>(
        flag, [&line, key](const std::string& text) { line.sources.flags.emplace_back(key, text); },
        help)
      ->type_name(type);
  };
  app.add_option("-c,--config", line.sources.config_file, "Read this configuration file as well")
    ->type_name("FILE");
  sets("--host", "server.host", "ADDRESS", "Address to listen on");
  sets("-p,--port", "server.port", "PORT", "Port to listen on; 0 takes any free one");
  sets("--claude", "claude.command", "PATH", "The Claude Code CLI: name in PATH, or path");
  sets("--log-level", "log.level", "LEVEL", "trace, debug, info, warning, error or off");
  app.add_flag("--demo", line.demo,
               "Let a built-in simulator answer instead of the Claude CLI: canned, marked answers; "
               "needs no CLI, no account, no network");
  app.add_flag("--check-config", line.check_config, "Check the configuration, then exit");
  app.add_flag("--print-config", line.print_config,
               "Print every key, its value and where it came from, then exit");
  app
    .add_option("--new-key", line.new_key,
                "Print a new API key and the table that makes it known, then exit")
    ->type_name("NAME");
  const auto command = [&](const char* flag, auto* what, const char* help) {
    app.add_flag_callback(
      flag, [&line, what] { line.store_command = what; }, help);
  };
  command("--check-store", check_store,
          "Check the file of conversations (store.path), say what is wrong with it, then exit");
  command("--export", export_store,
          "Write all conversations to the output, as lines of JSON, then exit");
  command("--import", import_store,
          "Add such lines, from the input, to the file of conversations, then exit");
  app.set_version_flag("-V,--version", "claude-code-api " CCAPI_VERSION,
                       "Print the version, then exit");
  // For the build: they keep config/default.toml and docs/configuration.md up to date.
  app.add_flag("--print-default-config", line.print_default_config)->group("");
  app.add_flag("--print-config-docs", line.print_config_docs)->group("");
}

std::vector<std::string> environment() {
  std::vector<std::string> variables;
  for (char** each = environ; each && *each; ++each)
    variables.emplace_back(*each);
  return variables;
}

int print_new_key(const std::string& name) {
  if (const auto wrong = config::key_name(name)) {
    std::cerr << "claude-code-api: --new-key " << *wrong << '\n';
    return exit_configuration;
  }
  const auto key = "ccapi-" + domain::random_hex_128() + domain::random_hex_128();
  const auto hash = http::sha256_hex(key);
  std::cout << "# The key, for the client; it is stored nowhere and not shown again:\n# " << key
            << "\n# For the gateway's configuration:\n[[auth.keys]]\nname = \"" << name
            << "\"\nsha256 = \"" << hash << "\"\n";
  return EXIT_SUCCESS;
}

void warn(const config::loaded& configured) {
  if (configured.warnings.empty())
    return;
  const observe::logger log{
    observe::level_from(configured.values.log.level).value_or(observe::log_level::info),
    observe::format_from(configured.values.log.format).value_or(observe::log_format::text)};
  for (const auto& warning : configured.warnings)
    log.warning(warning);
}

std::variant<config::loaded, std::vector<config::problem>> load(const command_line& line) {
  auto outcome = config::load(line.sources);
  if (auto* configured = std::get_if<config::loaded>(&outcome); configured && line.demo) {
    // The name that answers carry can be asked for, too.
    auto& names = configured->values.models.list;
    names.insert(names.begin(), simulator::model_name);
  }
  return outcome;
}

int serve(const command_line& line) {
  const auto outcome = load(line);
  if (const auto* problems = std::get_if<std::vector<config::problem>>(&outcome)) {
    for (const auto& each : *problems)
      std::cerr << "claude-code-api: " << config::to_string(each) << '\n';
    return exit_configuration;
  }
  const auto& configured = std::get<config::loaded>(outcome);
  warn(configured);
  if (line.print_config)
    std::cout << config::print(configured);
  if (line.check_config) {
    if (const auto allowed = http::check_start(configured.values); !allowed) {
      std::cerr << "claude-code-api: " << allowed.error().message << '\n';
      return exit_configuration;
    }
    std::cout << "The configuration is valid.\n";
  }
  if (line.print_config || line.check_config)
    return EXIT_SUCCESS;
  if (line.store_command)
    return line.store_command(configured.values.store, {std::cin, std::cout, std::cerr});
  for (const auto& [name, text] : configured.extra_variables)
    setenv(name.c_str(), text.c_str(), 0); // safe here: there is one thread yet
  return run(
    configured.values, [&line] { return load(line); }, line.demo);
}

} // namespace

int main(int argc, char** argv) {
  // Demo mode: the gateway starts itself in place of the CLI.
  if (argc > 1 && argv[1] == simulator::first_argument)
    return simulator::run(argc, argv);
  command_line line;
  CLI::App app{description, "claude-code-api"};
  app.footer(example);
  try {
    add_options(app, line);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) // --help, --version
      return app.exit(failure);
    std::cerr << "claude-code-api: " << failure.what() << " (see --help)\n";
    return exit_configuration;
  }
  if (line.print_default_config || line.print_config_docs) {
    std::cout << (line.print_default_config ? config::default_toml()
                                            : config::configuration_markdown());
    return EXIT_SUCCESS;
  }
  if (line.new_key)
    return print_new_key(*line.new_key);
  line.sources.environment = environment();
  return serve(line);
}
