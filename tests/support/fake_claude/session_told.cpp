// What a session tells of what it was told, and what the API would say to it.

#include "digest.hpp"
#include "models.hpp"
#include "session.hpp"
#include "tests/support/api_rules/cli_request.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace fake_claude {

namespace json = boost::json;

namespace {

bool is_on(const char* variable, bool otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr || *value == '\0' ? otherwise : std::string_view{value} != "0";
}

bool is_strict() {
  return is_on("ANTHROPIC_FAKE_STRICT", true);
}

/// A block as the API has it.
json::value block_of(const standin::part& what) {
  if (what.what == standin::part::kind::text)
    return json::object{{"type", "text"}, {"text", what.text}};
  std::string text;
  standin::append_json(text, what);
  boost::system::error_code failure;
  auto parsed = json::parse(text, failure);
  return failure ? json::value(json::object{}) : parsed;
}

json::array blocks_of(const standin::parts& content, bool with_thinking = true) {
  json::array blocks;
  for (const auto& each : content)
    if (with_thinking || each.what != standin::part::kind::thinking)
      blocks.push_back(block_of(each));
  return blocks;
}

} // namespace

std::string session::answer_to(const script& how) {
  if (how.has("dialogue"))
    return told();
  if (how.has("request")) {
    const auto request = upstream_request();
    return json::serialize(json::object{{"body", request.body}, {"betas", request.betas}});
  }
  if (how.has("told"))
    return "told:" + digest(dialogue_, control_.system_prompt(), launch_.model)
           + (how.text("told") == "by"
                ? " by " + std::to_string(::getpid()) + '.' + std::to_string(++turns_)
                : "");
  return std::string{how.text("say", "You said: " + question_)};
}

bool session::request_matters() {
  const auto& asked = dialogue_.messages().back().content;
  const bool only_text = std::all_of(asked.begin(), asked.end(), [](const standin::part& each) {
    return each.what == standin::part::kind::text;
  });
  return is_strict() || !only_text || extra_body_.contains("tools") || tools_.offer() != "[]";
}

api_rules::request session::upstream_request() {
  api_rules::cli_state state;
  state.model = model_upstream(lines_.model());
  state.newer = lines_.newer();
  state.experimental_betas = !is_on("CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS", false);
  state.system_prompt = control_.system_prompt();
  state.effort = effort_;
  state.tools = json::parse(tools_.offer()).as_array();
  for (const auto& message : dialogue_.messages())
    state.messages.push_back({message.role(), blocks_of(message.content)});
  state.extra_body = extra_body_;
  return api_rules::compose(std::move(state));
}

std::optional<api_rules::refusal> session::refusal_of(const api_rules::request& request) const {
  const auto& how = turn_->how();
  if (how.has("err") || how.has("fixture") || !is_strict())
    return std::nullopt;
  static const api_rules::rule_book rules{api_rules::default_file()}; // read when first needed
  auto refusal = rules.check(request);
  if (refusal)
    book_.write("api_refusal", {{"rule", refusal->rule},
                                {"status", refusal->status},
                                {"text", refusal->text},
                                {"model", lines_.model()}});
  return refusal;
}

bool session::claim_once(const script& how) const {
  const char* folder = std::getenv("ANTHROPIC_FAKE_STATE");
  if (folder == nullptr)
    return true;
  auto path = std::string{folder} + '/' + std::string{how.text("once")};
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return false;
  ::close(fd);
  return true;
}

std::string session::told() const {
  json::array messages;
  for (const auto& message : dialogue_.messages()) {
    const bool only_text =
      std::none_of(message.content.begin(), message.content.end(), [](const auto& each) {
        return each.what != standin::part::kind::text && each.what != standin::part::kind::thinking;
      });
    messages.push_back(only_text ? json::array{message.role(), message.text()}
                                 : json::array{message.role(), blocks_of(message.content, false)});
  }
  json::array names;
  for (char** variable = environ; *variable != nullptr; ++variable)
    names.emplace_back(
      std::string_view{*variable}.substr(0, std::string_view{*variable}.find('=')));
  std::array<char, 4096> directory{};
  if (::getcwd(directory.data(), directory.size()) == nullptr)
    directory[0] = '\0';
  return json::serialize(json::object{
    {"messages", std::move(messages)},
    {"system", control_.system_prompt()},
    {"extra_body", extra_body_},
    {"model", lines_.model()},
    {"session_id", lines_.session_id()},
    {"pid", ::getpid()},
    {"cwd", directory.data()},
    {"arguments", json::array(launch_.arguments.begin(), launch_.arguments.end())},
    {"environment", std::move(names)},
  });
}

} // namespace fake_claude
