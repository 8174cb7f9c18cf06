#include "openai/message_list.hpp"

#include "domain/blank.hpp"
#include "json/field_reader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;
using json::field_reader;

namespace {

enum class speaker { system, user, assistant };

domain::error invalid_messages(std::string message) {
  return {.code = domain::error_code::invalid_request,
          .message = std::move(message),
          .param = "messages",
          .retry_useful = false};
}

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
  if (*role == "tool" || *role == "function")
    message.fail_unsupported(message.path_of("role"), "Tool results can't be taken here.");
  else
    message.fail_value(message.path_of("role"),
                       "must be one of system, developer, user, assistant");
  return std::nullopt;
}

/// What an assistant message may carry beside its content.
void refuse_calls(field_reader& message) {
  if (const auto calls = message.array("tool_calls"); calls && calls->size() > 0)
    message.fail_unsupported(message.path_of("tool_calls"), "Tool calls can't be taken here.");
  if (message.object("function_call"))
    message.fail_unsupported(message.path_of("function_call"), "Tool calls can't be taken here.");
  if (message.object("audio"))
    message.fail_unsupported(message.path_of("audio"), "Only text can be taken here.");
}

bool is_text_type(std::string_view type) noexcept {
  return type == "text" || type == "input_text" || type == "output_text";
}

/// A text part's text; nothing on failure.
std::optional<std::string_view> read_part(field_reader& part, speaker who) {
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

/// The texts of a message's content; of several parts, those that count.
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
  std::size_t index = 0;
  for (const auto item : parts) {
    auto path = message.path_of("content", index++);
    dom::object object;
    if (item.get(object) != simdjson::SUCCESS) {
      message.fail_type(std::move(path), "an object", item);
      return pieces;
    }
    field_reader part{object, std::move(path)};
    const auto piece = read_part(part, who);
    if (part.failed()) {
      message.fail(part.take_failure());
      return pieces;
    }
    if (piece && (who == speaker::assistant || !domain::is_blank(*piece)))
      pieces.emplace_back(*piece);
  }
  return pieces;
}

std::string join(std::vector<std::string> pieces, std::string_view separator) {
  if (pieces.empty())
    return {};
  auto all = std::move(pieces.front());
  for (auto piece = pieces.begin() + 1; piece != pieces.end(); ++piece)
    all.append(separator).append(*piece);
  return all;
}

/// Puts the messages in order as they are read.
class collector {
public:
  explicit collector(std::size_t count) { out_.messages.reserve(count + 2); }

  void read(field_reader& message) {
    const auto who = read_role(message);
    if (!who)
      return;
    if (*who == speaker::assistant)
      refuse_calls(message);
    auto pieces = read_content(message, *who);
    if (*who == speaker::system && !message.failed())
      add_system(join(std::move(pieces), domain::prompt_paragraph));
    else if (*who == speaker::user && !message.failed())
      add_user(message, pieces);
    else if (*who == speaker::assistant)
      add_assistant(message, join(std::move(pieces), {}));
  }

  domain::result<message_list> finish() {
    if (!blank_end_.empty())
      return blank_last(std::move(blank_end_));
    begin_with_user();
    if (auto made = end_with_user(); !made)
      return std::move(made).error();
    join_system();
    return std::move(out_);
  }

private:
  static domain::error blank_last(std::string path) {
    auto message = "Invalid value for '" + path
                   + "': the last message must hold some text other than white space.";
    return {.code = domain::error_code::invalid_request,
            .message = std::move(message),
            .param = std::move(path),
            .retry_useful = false};
  }

  /// Its parts are blocks.
  void add_user(field_reader& message, std::vector<std::string>& pieces) {
    domain::message said;
    for (auto& piece : pieces)
      if (!domain::is_blank(piece))
        said.content.emplace_back(domain::text_block{std::move(piece)});
    const bool blank = said.content.empty();
    blank_end_ = blank ? message.path_of("content") : std::string{};
    if (!blank)
      out_.messages.push_back(std::move(said));
  }

  /// Its parts are one text.
  void add_assistant(field_reader& message, std::string text) {
    if (text.empty())
      text = message.string("refusal").value_or("");
    if (message.failed() || domain::is_blank(text))
      return;
    blank_end_.clear();
    out_.messages.emplace_back(domain::role::assistant, std::move(text));
  }

  /// Its parts are paragraphs.
  void add_system(std::string text) {
    system_given_ = true;
    if (domain::is_blank(text))
      return;
    if (out_.messages.empty())
      ++system_ahead_;
    system_.push_back(std::move(text));
  }

  /// System text alone is the question. Where an answer follows it may have been: what is known
  /// of dialogues will tell.
  void begin_with_user() {
    if (system_ahead_ == 0)
      return;
    if (!out_.messages.empty()) {
      if (out_.messages.front().role == domain::role::assistant)
        out_.opening = domain::opening::open;
      return;
    }
    out_.opening = domain::opening::asked;
    const auto last = system_.begin() + static_cast<std::ptrdiff_t>(system_ahead_) - 1;
    out_.messages.insert(out_.messages.begin(),
                         domain::message{domain::role::user, std::move(*last)});
    system_.erase(last);
    system_given_ = !system_.empty();
    out_.adjusted.emplace_back("messages(system_as_user)");
  }

  domain::result<void> end_with_user() {
    auto& messages = out_.messages;
    const auto is_user = [](const domain::message& each) {
      return each.role == domain::role::user;
    };
    if (out_.opening != domain::opening::open
        && std::none_of(messages.begin(), messages.end(), is_user))
      return invalid_messages("Invalid value for 'messages': there must be a user message with "
                              "some text.");
    if (is_user(messages.back()))
      return {};
    messages.emplace_back(domain::role::user, std::string{continue_query});
    out_.adjusted.emplace_back("messages(continued)");
    return {};
  }

  void join_system() {
    if (!system_given_)
      return;
    auto& prompt = out_.system_prompt.emplace();
    std::size_t index = 0;
    for (const auto& text : system_) {
      prompt.append(prompt.empty() ? "" : domain::prompt_paragraph).append(text);
      if (++index == system_ahead_ && out_.opening == domain::opening::open)
        out_.question_at = {prompt.size() - text.size(), text.size()};
    }
  }

  message_list out_;
  std::vector<std::string> system_; ///< none is blank
  std::size_t system_ahead_ = 0;    ///< of these, those ahead of the first message
  bool system_given_ = false;
  std::string blank_end_; ///< path of the last message's content, if that is blank
};

} // namespace

domain::result<message_list> read_message_list(dom::array messages, std::size_t messages_max) {
  const auto count = messages.size();
  if (count == 0)
    return invalid_messages("Messages cannot be empty");
  if (count > messages_max)
    return invalid_messages("Invalid value for 'messages': at most " + std::to_string(messages_max)
                            + " messages are allowed.");
  collector collected{count};
  std::size_t index = 0;
  for (const auto item : messages) {
    auto path = "messages[" + std::to_string(index++) + "]";
    dom::object object;
    const bool is_object = item.get(object) == simdjson::SUCCESS;
    field_reader message{object, path};
    if (is_object)
      collected.read(message);
    else
      message.fail_type(std::move(path), "an object", item);
    if (message.failed())
      return message.take_failure();
  }
  return collected.finish();
}

} // namespace ccapi::openai
