// Fuzz target: any bytes as the body of a chat request. Holds what a parsed request promises.

#include "domain/blank.hpp"
#include "domain/ids.hpp"
#include "domain/models/model_catalog.hpp"
#include "json/reader.hpp"
#include "openai/chat_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

void check(const ccapi::openai::parsed_chat& chat) {
  using namespace ccapi;
  const auto& request = chat.request;
  require(!request.messages.empty());
  require(request.messages.back().role == domain::role::user);
  for (const auto& message : request.messages) {
    require(!message.content.empty());
    require(message.role == domain::role::user || message.content.size() == 1);
    for (const auto& block : message.content)
      require(!domain::is_blank(std::get<domain::text_block>(block).text));
  }
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
