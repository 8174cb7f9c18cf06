#include "openai/message_parts.hpp"

#include "domain/blank.hpp"
#include "media/data_url.hpp"
#include "media/document.hpp"
#include "media/image.hpp"

#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;
using json::field_reader;

namespace {

bool is_text_type(std::string_view type) noexcept {
  return type == "text" || type == "input_text" || type == "output_text";
}

/// A text part's text; nothing on failure.
std::optional<std::string_view> read_text_part(field_reader& part, speaker who) {
  const auto type = part.required_string("type");
  if (!type)
    return std::nullopt;
  if (is_text_type(*type))
    return part.required_string("text");
  if (*type == "refusal" && who == speaker::assistant)
    return part.required_string("refusal");
  part.fail_unsupported(part.path_of("type"), "Only text can be taken here.");
  return std::nullopt;
}

/// In a picture's place as long as it is not loaded.
media::picture unseen() {
  return {.block = {.media_type = {}, .base64 = std::make_shared<const std::string>(), .hash = {}}};
}

domain::result<media::picture>
find_picture(std::string_view url, const dialect::parse_context& context, shown_images& shown) {
  if (media::is_data_url(url))
    return media::read_data_url(
      url, {.base64_bytes_max = context.image_bytes_max, .pixels_max = context.image_pixels_max});
  std::string name{url};
  if (context.pictures)
    if (const auto found = context.pictures->find(name); found != context.pictures->end()) {
      shown.loaded_bytes += found->second ? found->second->block.base64->size() : 0;
      return found->second;
    }
  auto& wanted = shown.to_load;
  if (wanted.size() < context.images_max
      && std::find(wanted.begin(), wanted.end(), name) == wanted.end())
    wanted.push_back(std::move(name));
  return unseen();
}

/// A picture: `image_url` holds its URL, or an object that does.
std::optional<media::picture>
read_picture(field_reader& part, const dialect::parse_context& context, shown_images& shown) {
  const auto value = part.any("image_url");
  std::string path = part.path_of("image_url");
  std::string_view url;
  if (dom::object object; value && value->get(object) == simdjson::SUCCESS) {
    field_reader image{object, path};
    url = image.required_string("url").value_or("");
    path = image.path_of("url");
    if (image.failed())
      part.fail(image.take_failure());
  } else {
    url = part.required_string("image_url").value_or("");
  }
  if (part.failed())
    return std::nullopt;
  auto image = find_picture(url, context, shown);
  if (image)
    return *std::move(image);
  auto failure = std::move(image).error();
  if (failure.code == domain::error_code::invalid_request
      || failure.code == domain::error_code::unsupported_parameter)
    failure.message = "Invalid value for '" + path + "': " + failure.message + ".";
  failure.param = std::move(path);
  part.fail(std::move(failure));
  return std::nullopt;
}

/// A document: its members stand in `file` (chat completions), or in the part itself.
std::optional<domain::document_block> read_file(field_reader& part,
                                                const dialect::parse_context& context) {
  const auto inner = part.object("file");
  field_reader nested{inner.value_or(dom::object{}), part.path_of("file")};
  auto& file = inner ? nested : part;
  const auto fail = [&](domain::error&& failure) {
    part.fail(std::move(failure));
    return std::nullopt;
  };
  for (const auto* name : {"file_id", "file_url"})
    if (file.any(name)) {
      file.fail_unsupported(file.path_of(name),
                            "No files are kept or fetched here: send the content as file_data.");
      break;
    }
  const auto data = file.required_string("file_data").value_or("");
  const auto title = file.string("filename").value_or("");
  if (file.failed())
    return &file == &part ? std::nullopt : fail(file.take_failure());
  auto document =
    media::read_document(data, title, {.base64_bytes_max = context.document_bytes_max});
  if (document)
    return *std::move(document);
  auto failure = std::move(document).error();
  failure.param = file.path_of("file_data");
  failure.message = "Invalid value for '" + failure.param + "': " + failure.message + ".";
  return fail(std::move(failure));
}

/// `Parts`: blocks of a message, or parts of a result.
template <class Parts>
void add_text(std::string_view text, Parts& parts) {
  if (!domain::is_blank(text))
    parts.emplace_back(domain::text_block{std::string{text}});
}

using result_parts = std::vector<domain::tool_result_block::part>;

/// The CLI itself refuses larger ones in results that a new process is told.
constexpr std::size_t result_base64_max = std::size_t{5} << 20;

template <class Parts>
void read_part(field_reader& part, const dialect::parse_context& context, shown_images& shown,
               Parts& parts) {
  const auto type = part.required_string("type");
  if (!type)
    return;
  if (is_text_type(*type)) {
    add_text(part.required_string("text").value_or(""), parts);
  } else if (*type == "image_url" || *type == "input_image") {
    if (auto image = read_picture(part, context, shown)) {
      if (std::is_same_v<Parts, result_parts> && image->block.base64->size() > result_base64_max)
        return part.fail_value(part.path_of("image_url"),
                               "in a tool's result, a picture must not be larger than 5 MiB of "
                               "base64: the CLI does not always make it smaller");
      ++shown.count;
      shown.rescaled += image->rescaled ? 1 : 0;
      parts.emplace_back(std::move(image->block));
    }
  } else if constexpr (std::is_same_v<Parts, std::vector<domain::block>>) {
    if (*type != "file" && *type != "input_file")
      return part.fail_unsupported(
        part.path_of("type"),
        "Only text, pictures (image_url) and documents (file) can be taken here.");
    if (auto document = read_file(part, context)) {
      ++shown.count;
      parts.emplace_back(*std::move(document));
    }
  } else {
    part.fail_unsupported(part.path_of("type"),
                          "Only text and pictures (image_url) can be taken in a tool's result.");
  }
}

} // namespace

std::optional<speaker> read_role(field_reader& message) {
  const auto role = message.required_string("role");
  if (!role)
    return std::nullopt;
  if (*role == "user")
    return speaker::user;
  if (*role == "assistant")
    return speaker::assistant;
  if (*role == "system" || *role == "developer")
    return speaker::system;
  if (*role == "tool")
    return speaker::tool;
  if (*role == "function")
    return speaker::function;
  message.fail_value(message.path_of("role"),
                     "must be one of system, developer, user, assistant, tool, function");
  return std::nullopt;
}

std::vector<std::string> read_content(field_reader& message, speaker who) {
  std::vector<std::string> pieces;
  const auto content = message.any("content");
  if (!content)
    return pieces;
  if (content->is_string()) {
    pieces.emplace_back(message.string("content").value_or(""));
    return pieces;
  }
  dom::array parts;
  if (content->get(parts) != simdjson::SUCCESS) {
    message.fail_type(message.path_of("content"), "a string or an array", *content);
    return pieces;
  }
  message.each_object("content", parts, [&](field_reader& part) {
    const auto piece = read_text_part(part, who);
    if (!part.failed() && piece && (who == speaker::assistant || !domain::is_blank(*piece)))
      pieces.emplace_back(*piece);
  });
  return pieces;
}

std::vector<domain::block> read_blocks(field_reader& message, const dialect::parse_context& context,
                                       shown_images& shown) {
  std::vector<domain::block> blocks;
  const auto content = message.any("content");
  if (!content)
    return blocks;
  dom::array parts;
  if (content->is_string())
    add_text(message.string("content").value_or(""), blocks);
  else if (content->get(parts) == simdjson::SUCCESS)
    message.each_object("content", parts,
                        [&](field_reader& part) { read_part(part, context, shown, blocks); });
  else
    message.fail_type(message.path_of("content"), "a string or an array", *content);
  return blocks;
}

std::vector<domain::tool_result_block::part>
read_result(field_reader& message, const dialect::parse_context& context, shown_images& shown) {
  std::vector<domain::tool_result_block::part> parts;
  const auto content = message.any("content");
  if (!content)
    return parts;
  dom::array items;
  if (content->is_string()) {
    add_text(message.string("content").value_or(""), parts);
    return parts;
  }
  if (content->get(items) != simdjson::SUCCESS) {
    add_text(simdjson::minify(*content), parts);
    return parts;
  }
  message.each_object("content", items,
                      [&](field_reader& part) { read_part(part, context, shown, parts); });
  return parts;
}

std::string join(std::vector<std::string> pieces, std::string_view separator) {
  if (pieces.empty())
    return {};
  auto all = std::move(pieces.front());
  for (auto piece = pieces.begin() + 1; piece != pieces.end(); ++piece)
    all.append(separator).append(*piece);
  return all;
}

} // namespace ccapi::openai
