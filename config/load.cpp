#include "config/load.hpp"

#include "config/api_keys.hpp"
#include "config/nearest.hpp"
#include "config/reserved.hpp"
#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace ccapi::config {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{1} << 20;
constexpr std::string_view system_file = "/etc/claude-code-api/config.toml";

struct file_text {
  bool found = false;
  std::string text;
};

struct file_closer {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// A file that may be missing. What exists but can't be read is a problem.
file_text read_file(const std::string& path, const std::string& shown_as,
                    std::vector<problem>& problems) {
  file_text out;
  const std::unique_ptr<std::FILE, file_closer> file{std::fopen(path.c_str(), "re")};
  if (!file) {
    if (errno != ENOENT && errno != ENOTDIR)
      problems.push_back({shown_as, std::string{"can't be read: "} + std::strerror(errno)});
    return out;
  }
  out.found = true;
  std::array<char, 8192> block{};
  while (const auto got = std::fread(block.data(), 1, block.size(), file.get())) {
    out.text.append(block.data(), got);
    if (out.text.size() > file_bytes_max) {
      problems.push_back({shown_as, "is larger than 1 MiB"});
      return {true, {}};
    }
  }
  if (std::ferror(file.get()))
    problems.push_back({shown_as, std::string{"can't be read: "} + std::strerror(errno)});
  return out;
}

const std::string* find_variable(const std::vector<variable>& variables, std::string_view name) {
  const auto found = std::find_if(variables.begin(), variables.end(),
                                  [&](const variable& each) { return each.first == name; });
  return found == variables.end() ? nullptr : &found->second;
}

bool is_plain_word(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '-';
  });
}

class loader {
public:
  explicit loader(const source_options& options)
    : options_{options},
      environment_{variables_of(options.environment)} {
    for (const auto& row : keys())
      result_.origins.push_back({row.name, "default"});
  }

  std::variant<loaded, std::vector<problem>> run() {
    read_dotenv();
    if (options_.read_system_file)
      read_toml(std::string{system_file}, std::string{system_file});
    const auto mode = run_mode();
    if (!mode.empty() && mode != "local")
      read_toml(inside("config/" + mode + ".toml"), "config/" + mode + ".toml");
    read_toml(inside("config/local.toml"), "config/local.toml");
    if (options_.config_file && !read_toml(*options_.config_file, *options_.config_file))
      problems_.push_back({*options_.config_file, "does not exist"});
    apply(entries_of_variables(dotenv_, ".env: "));
    apply(entries_of_variables(environment_, {}));
    for (const auto& [name, text] : options_.flags)
      apply({entry_of_text(name, "command line", text)});
    resolve_keys();
    name_inactive_keys();
    if (!problems_.empty())
      return std::move(problems_);
    return std::move(result_);
  }

private:
  [[nodiscard]] std::string inside(const std::string& path) const {
    return options_.directory.empty() ? path : options_.directory + '/' + path;
  }

  void read_dotenv() {
    const auto file = read_file(inside(".env"), ".env", problems_);
    dotenv_ = variables_of_dotenv(file.text, ".env", problems_);
    for (const auto& each : dotenv_) {
      const bool ours = each.first.starts_with("CLAUDE_CODE__") || each.first == "RUST_LOG"
                        || each.first == "RUN_MODE";
      if (!ours && !find_variable(environment_, each.first))
        result_.extra_variables.push_back(each);
    }
  }

  std::string run_mode() {
    const auto* mode = find_variable(environment_, "RUN_MODE");
    if (!mode)
      mode = find_variable(dotenv_, "RUN_MODE");
    if (!mode || mode->empty())
      return "development";
    if (is_plain_word(*mode))
      return *mode;
    problems_.push_back({"RUN_MODE", "may hold only letters, digits, '-' and '_'"});
    return {};
  }

  bool read_toml(const std::string& path, const std::string& shown_as) {
    const auto file = read_file(path, shown_as, problems_);
    if (file.found)
      apply(entries_of_toml(file.text, shown_as, problems_));
    return file.found || (!problems_.empty() && problems_.back().where == shown_as);
  }

  void apply(const std::vector<entry>& entries) {
    for (const auto& each : entries) {
      if (each.row)
        apply_known(each);
      else
        apply_unknown(each);
    }
  }

  void apply_known(const entry& given) {
    const auto& row = *given.row;
    const auto* content = std::get_if<value>(&given.content);
    const auto wrong = content ? problem_with(row, *content)
                               : std::optional<std::string>{std::get<std::string>(given.content)};
    if (wrong) {
      problems_.push_back({given.where, std::string{row.name} + ' ' + *wrong});
      return;
    }
    row.set(result_.values, *content);
    result_.origins[static_cast<std::size_t>(&row - keys().data())].source = given.where;
    if (!row.active)
      name_inactive(given.name);
  }

  void apply_unknown(const entry& given) {
    const auto kind = reserved_kind(given.name);
    if (kind == reserved_key::none) {
      auto text = "unknown key " + given.name;
      if (const auto nearest = nearest_key(given.name); !nearest.empty())
        text.append("; did you mean ").append(nearest) += '?';
      problems_.push_back({given.where, std::move(text)});
    } else if (kind == reserved_key::security && given.says_something) {
      problems_.push_back(
        {given.where, given.name
                        + " is no key of this program and would protect nothing; remove it and "
                          "give out API keys with [[auth.keys]] or auth.api_keys"});
    } else {
      name_inactive(given.name);
    }
  }

  void name_inactive(const std::string& name) {
    if (std::find(inactive_.begin(), inactive_.end(), name) == inactive_.end())
      inactive_.push_back(name);
  }

  void name_inactive_keys() {
    if (inactive_.empty())
      return;
    std::string names;
    for (const auto& each : inactive_)
      names.append(names.empty() ? "" : ", ").append(each);
    result_.warnings.push_back("not active yet, without effect in this version: " + names);
  }

  void resolve_keys() {
    const key_sources sources{
      .variable = [this](const std::string& name) -> std::optional<std::string> {
        for (const auto* variables : {&environment_, &dotenv_})
          if (const auto* text = find_variable(*variables, name))
            return *text;
        return {};
      },
      .file = [this](const std::string& path) -> std::variant<std::string, problem> {
        std::vector<problem> trouble;
        auto file = read_file(path.starts_with('/') ? path : inside(path), path, trouble);
        if (!trouble.empty())
          return trouble.front();
        if (!file.found)
          return problem{path, "does not exist"};
        return std::move(file.text);
      },
      .reaches_cli = [this](const std::string& name) { return reaches_cli(name); }};
    result_.values.auth.accepted = resolve_api_keys(result_.values.auth, sources, problems_);
  }

  [[nodiscard]] bool reaches_cli(std::string_view name) const {
    const auto& patterns = result_.values.claude.env_allow;
    return std::any_of(patterns.begin(), patterns.end(), [name](std::string_view pattern) {
      return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                    : name == pattern;
    });
  }

  const source_options& options_;
  std::vector<variable> environment_;
  std::vector<variable> dotenv_;
  loaded result_;
  std::vector<problem> problems_;
  std::vector<std::string> inactive_;
};

} // namespace

std::variant<loaded, std::vector<problem>> load(const source_options& options) {
  return loader{options}.run();
}

std::string to_string(const problem& given) {
  return given.where + ": " + given.text;
}

} // namespace ccapi::config
