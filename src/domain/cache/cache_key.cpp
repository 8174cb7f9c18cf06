#include "domain/cache/cache_key.hpp"

#include "domain/ids.hpp"

#include <bit>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <variant>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::domain {

namespace {

/// To be raised whenever fields are added or change their meaning.
constexpr std::uint64_t schema_version = 1;
constexpr std::string_view profile = "chat"; // the only one

/// Every number takes eight bytes, and everything else says ahead how long it is: what is read from
/// the front can be read in one way only.
class key_writer {
public:
  key_writer(std::string& out, std::size_t bytes_max)
    : out_{out},
      left_{bytes_max} {}

  [[nodiscard]] bool fits() const noexcept { return fits_; }

  void number(std::uint64_t value) {
    const auto bytes = std::bit_cast<std::array<char, sizeof value>>(value);
    raw({bytes.data(), bytes.size()});
  }
  void text(std::string_view value) {
    number(value.size());
    raw(value);
  }
  void put(bool value) { number(value ? 1 : 0); }
  void put(double value) { number(std::bit_cast<std::uint64_t>(value)); }
  void put(std::int64_t value) { number(static_cast<std::uint64_t>(value)); }
  void put(const std::string& value) { text(value); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void put(Enum value) { number(static_cast<std::uint64_t>(value)); }
  template <class Value>
  void put(const std::optional<Value>& value) {
    put(value.has_value());
    if (value)
      put(*value);
  }

  void put(const text_block& each) { text(each.text); }
  void put(const image_block& each) {
    text(each.media_type);
    number(each.base64->size());
    number(each.hash.low);
    number(each.hash.high);
  }
  void put(const document_block& each) {
    text(each.media_type);
    text(each.title);
    number(each.data->size());
    number(each.hash.low);
    number(each.hash.high);
  }
  void put(const tool_use_block& each) {
    text(each.id);
    text(each.name);
    text(each.arguments);
  }
  void put(const tool_result_block& each) {
    text(each.call_id);
    put(each.is_error);
    number(each.parts.size());
    for (const auto& part : each.parts)
      put(part);
  }
  template <class... Kinds>
  void put(const std::variant<Kinds...>& which) {
    number(which.index());
    std::visit([this](const auto& each) { put(each); }, which);
  }

private:
  void raw(std::string_view bytes) {
    fits_ = fits_ && bytes.size() <= left_;
    if (!fits_)
      return;
    left_ -= bytes.size();
    out_ += bytes;
  }

  std::string& out_;
  std::size_t left_;
  bool fits_ = true;
};

void put_messages(const std::vector<message>& messages, key_writer& key) {
  key.number(messages.size());
  for (const auto& each : messages) {
    key.put(each.role);
    key.number(each.content.size());
    for (const auto& block : each.content)
      key.put(block);
  }
}

void put_tools(const chat_request& request, key_writer& key) {
  key.number(request.tools.size());
  for (const auto& tool : request.tools) {
    key.text(tool.name);
    key.text(tool.description);
    key.text(tool.input_schema);
    key.put(tool.strict);
  }
  key.put(request.tool_choice.demand);
  key.text(request.tool_choice.api_name);
  key.put(request.tool_choice.parallel);
}

void put_sampling(const sampling& wished, key_writer& key) {
  key.put(wished.temperature);
  key.put(wished.top_p);
  key.number(wished.stop.size());
  for (const auto& each : wished.stop)
    key.text(each);
  key.put(wished.max_tokens);
}

void put_context(const cache_context& context, key_writer& key) {
  key.text(context.cli_version);
  key.put(context.unasked);
  const auto& refused = context.refused;
  for (const bool each : {refused.temperature, refused.top_p, refused.stop, refused.effort,
                          refused.thinking_off, refused.tool_choice})
    key.put(each);
  static_assert(sizeof refused == 6, "a parameter is missing above");
}

} // namespace

bool wants_equal_answers(const chat_request& request) noexcept {
  return (request.seed || request.sampling.temperature == 0.0) && request.tools.empty();
}

bool may_be_cached(const chat_request& request, bool any) noexcept {
  // What a conversation holds is not in the request; a strict one may be refused where others are
  // answered.
  return (any || wants_equal_answers(request)) && !request.conversation_id && !request.strict;
}

bool append_cache_key(const chat_request& request, const cache_context& context,
                      std::size_t bytes_max, std::string& out) {
  key_writer key{out, bytes_max};
  key.number(schema_version);
  key.text(request.tenant);
  key.text(profile);
  key.text(request.model);
  key.put(request.model_given);
  key.put(request.system_prompt);
  if (!request.system_prompt)
    key.text(context.default_system_prompt);
  key.put(request.opening);
  key.number(request.question_at.begin);
  key.number(request.question_at.size);
  put_messages(request.messages, key);
  put_sampling(request.sampling, key);
  key.put(request.seed);
  key.text(request.unheeded);
  key.put(request.reasoning);
  put_tools(request, key);
  key.put(request.format != nullptr);
  if (request.format)
    key.text(request.format->asked());
  put_context(context, key);
  return key.fits();
}

cache_hasher::cache_hasher() {
  static_assert(sizeof key_ >= XXH3_SECRET_SIZE_MIN);
  fill_random(key_.data(), key_.size());
}

hash128 cache_hasher::operator()(std::string_view bytes) const noexcept {
  const auto hash = XXH3_128bits_withSecret(bytes.data(), bytes.size(), key_.data(), key_.size());
  return {hash.low64, hash.high64};
}

} // namespace ccapi::domain
