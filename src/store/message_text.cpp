#include "store/message_text.hpp"

#include "json/canonical.hpp"
#include "json/field_reader.hpp"
#include "json/object_writer.hpp"
#include "json/reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>

namespace ccapi::store {

namespace {

namespace dom = simdjson::dom;
using json::field_reader;

/// What we write is six deep. The number is a bound for damaged or hostile files.
constexpr json::limits text_limits{.depth = 16, .values = 50'000'000};
/// Room that is made ahead at most, whatever a text pretends to hold.
constexpr std::size_t reserve_max = 256;

// -- writing -------------------------------------------------------------------------------------

class block_appender {
public:
  block_appender(std::string& out, payload_shelf* shelf)
    : out_{out},
      shelf_{shelf} {}

  void operator()(const domain::text_block& block) const {
    json::object_writer object{out_};
    object.key("type") += R"("text")";
    json::append_string(object.key("text"), block.text);
    object.close();
  }

  void operator()(const domain::tool_use_block& block) const {
    json::object_writer object{out_};
    object.key("type") += R"("tool_use")";
    json::append_string(object.key("id"), block.id);
    json::append_string(object.key("name"), block.name);
    json::append_string(object.key("arguments"), block.arguments);
    if (!block.canonical.empty())
      json::append_string(object.key("canonical"), block.canonical);
    object.close();
  }

  void operator()(const domain::tool_result_block& block) const {
    json::object_writer object{out_};
    object.key("type") += R"("tool_result")";
    json::append_string(object.key("call_id"), block.call_id);
    object.flag("is_error", block.is_error);
    object.key("parts") += '[';
    for (bool first = true; const auto& part : block.parts) {
      if (!std::exchange(first, false))
        out_ += ',';
      std::visit(*this, part);
    }
    out_ += ']';
    object.close();
  }

  void operator()(const domain::image_block& part) const {
    json::object_writer object{out_};
    object.key("type") += R"("image")";
    json::append_string(object.key("media_type"), part.media_type);
    add_payload(object, part.hash, "base64", *part.base64);
    object.close();
  }

  void operator()(const domain::document_block& part) const {
    json::object_writer object{out_};
    object.key("type") += R"("document")";
    json::append_string(object.key("media_type"), part.media_type);
    json::append_string(object.key("title"), part.title);
    add_payload(object, part.hash, "data", *part.data);
    object.close();
  }

private:
  /// `name`: of the member that has it where it is not kept apart.
  void add_payload(json::object_writer& object, const domain::hash128& hash, std::string_view name,
                   const std::string& payload) const {
    json::append_string(object.key("hash"), hex_of(hash));
    const bool large = payload.size() >= payload_bytes_min;
    const auto number = shelf_ != nullptr && large ? shelf_->keep(payload) : 0;
    if (number > 0)
      json::append_integer(object.key("payload"), number);
    else
      json::append_string(object.key(name), payload);
  }

  std::string& out_;
  payload_shelf* shelf_;
};

// -- reading -------------------------------------------------------------------------------------

/// Reads one message after the other; a failure is the field_reader's.
class message_reader {
public:
  explicit message_reader(payload_shelf* shelf)
    : shelf_{shelf} {}

  void read(field_reader& from, domain::message& message) {
    const auto role = from.required_string("role");
    if (role == "assistant")
      message.role = domain::role::assistant;
    else if (role != "user")
      return from.fail_value(from.path_of("role"), "must be user or assistant");
    const auto content = from.any("content");
    if (!content)
      return from.fail_missing(from.path_of("content"));
    if (std::string_view text; content->get(text) == simdjson::SUCCESS) {
      message.content.emplace_back(domain::text_block{std::string{text}});
      return;
    }
    const auto blocks = from.array("content");
    if (!blocks)
      return;
    message.content.reserve(std::min(blocks->size(), reserve_max));
    from.each_object("content", *blocks,
                     [&](field_reader& entry) { read_block(entry, message.content); });
  }

private:
  void read_block(field_reader& from, std::vector<domain::block>& blocks) {
    const auto type = from.required_string("type");
    if (type == "text")
      blocks.emplace_back(domain::text_block{text_of(from, "text")});
    else if (type == "tool_use")
      read_call(from, blocks);
    else if (type == "tool_result")
      read_result(from, blocks);
    else if (type == "image")
      read_image(from, blocks);
    else if (type == "document")
      read_document(from, blocks);
    else
      from.fail_value(from.path_of("type"), "is no kind of block");
  }

  /// The arguments go to the CLI as JSON, so they are checked however sound the file is.
  static void read_call(field_reader& from, std::vector<domain::block>& blocks) {
    domain::tool_use_block call{.id = text_of(from, "id"),
                                .name = text_of(from, "name"),
                                .arguments = text_of(from, "arguments"),
                                .canonical = {}};
    auto canonical = json::canonical(call.arguments);
    if (!canonical || !canonical->starts_with('{'))
      return from.fail_value(from.path_of("arguments"), "must be the JSON text of an object");
    if (*canonical != call.arguments)
      call.canonical = *std::move(canonical);
    blocks.emplace_back(std::move(call));
  }

  void read_result(field_reader& from, std::vector<domain::block>& blocks) {
    domain::tool_result_block result;
    result.call_id = text_of(from, "call_id");
    const auto is_error = from.boolean("is_error");
    const auto parts = from.array("parts");
    if (!is_error || !parts)
      return from.fail_missing(from.path_of(is_error ? "parts" : "is_error"));
    result.is_error = *is_error;
    result.parts.reserve(std::min(parts->size(), reserve_max));
    from.each_object("parts", *parts, [&](field_reader& entry) {
      const auto type = entry.required_string("type");
      if (type == "text")
        result.parts.emplace_back(domain::text_block{text_of(entry, "text")});
      else if (type == "image")
        read_image(entry, result.parts);
      else
        entry.fail_value(entry.path_of("type"), "is no kind of part");
    });
    blocks.emplace_back(std::move(result));
  }

  template <class Into>
  void read_image(field_reader& from, std::vector<Into>& parts) {
    domain::image_block image{.media_type = text_of(from, "media_type"), .base64 = {}, .hash = {}};
    image.base64 = read_payload(from, image.hash, "base64");
    if (image.base64)
      parts.emplace_back(std::move(image));
  }

  void read_document(field_reader& from, std::vector<domain::block>& blocks) {
    domain::document_block document{.media_type = text_of(from, "media_type"),
                                    .title = text_of(from, "title"),
                                    .data = {},
                                    .hash = {}};
    document.data = read_payload(from, document.hash, "data");
    if (document.data)
      blocks.emplace_back(std::move(document));
  }

  /// Null: `from` has failed.
  std::shared_ptr<const std::string> read_payload(field_reader& from, domain::hash128& hash,
                                                  std::string_view name) {
    if (!read_hex(text_of(from, "hash"), hash))
      from.fail_value(from.path_of("hash"), "must be 32 hexadecimal digits");
    if (const auto inside = from.string(name))
      return std::make_shared<const std::string>(*inside);
    if (const auto number = from.integer("payload", 1, INT64_MAX); number && shelf_) {
      auto found = shelf_->find(*number);
      if (found)
        return *std::move(found);
      from.fail(std::move(found).error());
      return nullptr;
    }
    from.fail_missing(from.path_of(name));
    return nullptr;
  }

  static std::string text_of(field_reader& from, std::string_view name) {
    return std::string{from.required_string(name).value_or(std::string_view{})};
  }

  payload_shelf* shelf_;
};

} // namespace

void append_messages(std::string& out, std::span<const domain::message> messages,
                     payload_shelf* shelf) {
  out += '[';
  for (bool first_message = true; const auto& message : messages) {
    if (!std::exchange(first_message, false))
      out += ',';
    json::object_writer object{out};
    object.key("role") += message.role == domain::role::user ? R"("user")" : R"("assistant")";
    object.key("content");
    const auto* only =
      message.content.size() == 1 ? std::get_if<domain::text_block>(&message.content[0]) : nullptr;
    if (only != nullptr) {
      json::append_string(out, only->text);
    } else {
      out += '[';
      for (bool first = true; const auto& block : message.content) {
        if (!std::exchange(first, false))
          out += ',';
        std::visit(block_appender{out, shelf}, block);
      }
      out += ']';
    }
    object.close();
  }
  out += ']';
}

domain::result<std::vector<domain::message>> read_messages(const dom::element& array,
                                                           payload_shelf* shelf) {
  dom::array entries;
  if (array.get(entries) != simdjson::SUCCESS)
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "messages: must be an array"};
  std::vector<domain::message> messages;
  messages.reserve(std::min(entries.size(), reserve_max));
  message_reader reader{shelf};
  field_reader top{dom::object{}, {}};
  top.each_object("messages", entries,
                  [&](field_reader& entry) { reader.read(entry, messages.emplace_back()); });
  if (top.failed())
    return top.take_failure();
  return messages;
}

domain::result<std::vector<domain::message>> read_messages(std::string& text,
                                                           payload_shelf* shelf) {
  json::reader reader{text_limits};
  const auto document = reader.parse(text);
  if (!document)
    return document.error();
  return read_messages(*document, shelf);
}

std::string hex_of(const domain::hash128& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(32);
  for (const auto part : {hash.high, hash.low})
    for (int shift = 60; shift >= 0; shift -= 4)
      out += digits[(part >> shift) & 0xfU];
  return out;
}

bool read_hex(std::string_view digits, domain::hash128& hash) noexcept {
  constexpr std::size_t half = 16;
  if (digits.size() != 2 * half)
    return false;
  std::array<std::uint64_t, 2> parts{};
  for (std::size_t at = 0; at < digits.size(); ++at) {
    const char digit = digits[at];
    auto& part = parts.at(at / half);
    if (digit >= '0' && digit <= '9')
      part = part << 4U | static_cast<std::uint64_t>(digit - '0');
    else if (digit >= 'a' && digit <= 'f')
      part = part << 4U | static_cast<std::uint64_t>(digit - 'a' + 10);
    else
      return false;
  }
  hash = {.low = parts[1], .high = parts[0]};
  return true;
}

} // namespace ccapi::store
