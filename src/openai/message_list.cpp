#include "openai/message_list.hpp"

#include "domain/blank.hpp"
#include "json/field_reader.hpp"
#include "openai/call_history.hpp"
#include "openai/message_parts.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;
using json::field_reader;

namespace {

domain::error invalid_messages(std::string message) {
  return {.code = domain::error_code::invalid_request,
          .message = std::move(message),
          .param = "messages",
          .retry_useful = false};
}

bool has_calls(field_reader& message) {
  const auto calls = message.array("tool_calls");
  return (calls && calls->size() > 0) || message.object("function_call");
}

/// Puts the messages in order as they are read.
class collector {
public:
  collector(std::size_t count, const dialect::parse_context& context, bool conversation_given)
    : context_{context},
      foreign_results_{conversation_given} {
    out_.messages.reserve(count + 2);
  }

  void read(field_reader& message) {
    const auto who = read_role(message);
    if (!who)
      return;
    if (*who == speaker::tool || *who == speaker::function)
      return add_result(message, *who);
    if (*who == speaker::assistant)
      return add_assistant(message);
    if (*who == speaker::user) {
      if (const auto images = message.array("images"); images && images->size() > 0)
        message.fail_unsupported(message.path_of("images"),
                                 "Pictures stand in `content`, in parts of type image_url.");
      return add_user(message, read_blocks(message, context_, shown_));
    }
    auto text = join(read_content(message, *who), domain::prompt_paragraph);
    if (!message.failed())
      add_system(std::move(text));
  }

  domain::result<message_list> finish() {
    if (shown_.count > context_.images_max)
      return too_many_images();
    if (shown_.loaded_bytes > context_.pictures_bytes_max)
      return invalid_messages("Invalid value for 'messages': the pictures that it names take more "
                              "than limits.body_bytes_max, all together.");
    if (calls_.mended())
      adjust("messages(arguments)");
    out_.rescaled_images = shown_.rescaled;
    out_.to_load = std::move(shown_.to_load);
    if (!blank_end_.empty())
      return blank_last(std::move(blank_end_));
    if (calls_.open() && !calls_.answered())
      return open_end();
    if (calls_.open())
      if (auto failure = settle_calls())
        return *std::move(failure);
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

  [[nodiscard]] domain::error open_end() const {
    return {.code = domain::error_code::invalid_request,
            .message = "Invalid value for '" + calls_.path()
                       + "': the last message calls tools, and no results follow.",
            .param = calls_.path(),
            .retry_useful = false};
  }

  [[nodiscard]] domain::error too_many_images() const {
    return invalid_messages("Invalid value for 'messages': at most "
                            + std::to_string(context_.images_max)
                            + " pictures and documents are allowed (limits.images_max).");
  }

  /// Makes a user's message of the results of the open calls.
  std::optional<domain::error> settle_calls() {
    auto results = calls_.settle();
    if (!results)
      return std::move(results).error();
    auto& said = out_.messages.emplace_back();
    said.content = *std::move(results);
    return std::nullopt;
  }

  /// Its parts are blocks. Behind results they stand in the message of these.
  void add_user(field_reader& message, std::vector<domain::block> blocks) {
    if (message.failed())
      return;
    domain::message said;
    said.content = std::move(blocks);
    const bool blank = said.content.empty();
    blank_end_ = blank ? message.path_of("content") : std::string{};
    if (blank)
      return;
    const bool behind_calls = calls_.open();
    if (behind_calls)
      if (auto failure = settle_calls())
        return message.fail(*std::move(failure));
    if (std::exchange(foreign_open_, false) || behind_calls) {
      auto& content = out_.messages.back().content;
      std::move(said.content.begin(), said.content.end(), std::back_inserter(content));
    } else {
      out_.messages.push_back(std::move(said));
    }
  }

  /// Its parts are one text, ahead of its calls.
  void add_assistant(field_reader& message) {
    if (message.object("audio"))
      message.fail_unsupported(message.path_of("audio"), "Only text can be taken here.");
    auto text = join(read_content(message, speaker::assistant), {});
    if (text.empty())
      text = message.string("refusal").value_or("");
    const bool blank = domain::is_blank(text);
    if (message.failed() || (blank && !has_calls(message)))
      return;
    if (calls_.answered())
      if (auto failure = settle_calls())
        return message.fail(*std::move(failure));
    const bool goes_on = calls_.open();
    auto calls = calls_.read_calls(message);
    if (message.failed())
      return;
    blank_end_.clear();
    foreign_open_ = false;
    auto& messages = out_.messages;
    const bool in_a_row = !messages.empty() && messages.back().role == domain::role::assistant;
    if (blank)
      text.clear();
    if (goes_on || (in_a_row && !calls.empty()))
      domain::append_text(messages.back(), text);
    else
      messages.emplace_back(domain::role::assistant, std::move(text));
    auto& content = messages.back().content;
    std::move(calls.begin(), calls.end(), std::back_inserter(content));
  }

  void add_result(field_reader& message, speaker who) {
    auto parts = read_result(message, context_, shown_);
    if (message.failed())
      return;
    if (calls_.open()) {
      blank_end_.clear();
      return calls_.answer(message, who == speaker::function, std::move(parts));
    }
    if (foreign_results_ && (out_.messages.empty() || foreign_open_))
      return add_foreign(message, std::move(parts));
    std::vector<domain::block> blocks; // what it shows and says, by the user
    for (auto& part : parts)
      std::visit([&](auto& each) { blocks.emplace_back(std::move(each)); }, part);
    add_user(message, std::move(blocks));
    adjust("messages(tool_as_text)");
  }

  /// The result of a call that the conversation knows, and the messages do not.
  void add_foreign(field_reader& message, std::vector<domain::tool_result_block::part> parts) {
    std::string id{message.string("tool_call_id").value_or("")};
    if (message.failed())
      return;
    if (!id.empty() && !foreign_ids_.insert(id).second)
      return message.fail_value(message.path_of("tool_call_id"), "there are two results for it");
    if (!std::exchange(foreign_open_, true))
      out_.messages.emplace_back();
    out_.messages.back().content.emplace_back(domain::tool_result_block{
      .call_id = std::move(id), .parts = std::move(parts), .is_error = false});
    blank_end_.clear();
  }

  void adjust(std::string_view what) {
    auto& adjusted = out_.adjusted;
    if (std::find(adjusted.begin(), adjusted.end(), what) == adjusted.end())
      adjusted.emplace_back(what);
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
    out_.continued = true;
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

  const dialect::parse_context& context_;
  message_list out_;
  call_history calls_;
  const bool foreign_results_; ///< the first message may hold results of calls elsewhere
  bool foreign_open_ = false;  ///< it is the last one, too, so far
  std::unordered_set<std::string> foreign_ids_;
  shown_images shown_;
  std::vector<std::string> system_; ///< none is blank
  std::size_t system_ahead_ = 0;    ///< of these, those ahead of the first message
  bool system_given_ = false;
  std::string blank_end_; ///< path of the last message's content, if that is blank
};

} // namespace

domain::result<message_list> read_message_list(dom::array messages,
                                               const dialect::parse_context& context,
                                               bool conversation_given) {
  const auto count = messages.size();
  const auto messages_max = context.messages_max;
  if (count == 0)
    return invalid_messages("Messages cannot be empty");
  if (count > messages_max)
    return invalid_messages("Invalid value for 'messages': at most " + std::to_string(messages_max)
                            + " messages are allowed.");
  collector collected{count, context, conversation_given};
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
