// Fuzz target: any bytes as the body of a chat request. Holds what a parsed request promises.

#include "domain/blank.hpp"
#include "domain/ids.hpp"
#include "domain/models/model_catalog.hpp"
#include "json/canonical.hpp"
#include "json/reader.hpp"
#include "openai/chat_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

using ccapi::domain::message;

/// Results stand behind the calls that they are of, and nowhere else, but first.
void check_results(const message* before, const message& what, bool conversation_given) {
  using namespace ccapi::domain;
  std::vector<std::string> ids;
  if (before)
    for (const auto* call : calls_of(*before))
      ids.push_back(call->id);
  const bool foreign = !before && conversation_given;
  std::size_t results = 0;
  for (const auto& block : what.content)
    if (const auto* result = std::get_if<tool_result_block>(&block)) {
      require(foreign || (results < ids.size() && ids[results] == result->call_id));
      require(&block == &what.content[results++]);
    }
  require(foreign || results == ids.size());
}

void check_dialogue(const ccapi::domain::chat_request& request) {
  using namespace ccapi;
  const message* before = nullptr;
  for (const auto& what : request.messages) {
    require(!what.content.empty());
    bool first = true;
    for (const auto& block : what.content) {
      if (const auto* text = std::get_if<domain::text_block>(&block)) {
        require(!domain::is_blank(text->text));
        require(what.role == domain::role::user || first);
      } else if (const auto* call = std::get_if<domain::tool_use_block>(&block)) {
        require(what.role == domain::role::assistant);
        const auto canonical = json::canonical(call->arguments);
        require(canonical && canonical->starts_with('{'));
        require((call->canonical.empty() ? call->arguments : call->canonical) == canonical);
      }
      first = false;
    }
    if (what.role == domain::role::user)
      check_results(before, what, request.conversation_id.has_value());
    else
      require(!before || before->role == domain::role::user || domain::calls_of(*before).empty());
    before = &what;
  }
}

void check(const ccapi::openai::parsed_chat& chat) {
  using namespace ccapi;
  const auto& request = chat.request;
  require(!request.messages.empty());
  require(request.messages.back().role == domain::role::user);
  check_dialogue(request);
  for (const auto& tool : request.tools)
    require(!tool.name.empty() && json::canonical(tool.input_schema)->starts_with('{'));
  require(domain::is_safe_argument(request.model));
  require(!request.conversation_id || domain::is_valid_conversation_id(*request.conversation_id));
  require(request.sampling.stop.size() <= 4);
  const auto within = [](double value, double most) { return value >= 0 && value <= most; };
  require(within(request.sampling.temperature.value_or(0), 2)); // as wished; the model decides
  require(within(request.sampling.top_p.value_or(0), 1));
  require(request.sampling.max_tokens.value_or(1) >= 1);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ccapi::domain::model_catalog models{"sonnet", {{"gpt-*", "default"}}, {"sonnet"}};
  static ccapi::json::reader reader{{}};
  std::string body{data, data + size};
  if (const auto chat = ccapi::openai::parse_chat(reader, body, {.models = models}))
    check(*chat);
  return 0;
}
