// Random histories of calls and results, told in all the shapes that are taken: each must become
// the dialogue that it tells, by the rules of chat_request, and always the same one.

#include "json/reader.hpp"
#include "json/writer.hpp"
#include "openai/chat_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::openai {
namespace {

const domain::model_catalog models{"sonnet", {}, {"sonnet"}};

domain::result<parsed_chat> parse(const std::vector<std::string>& messages) {
  std::string body{R"({"messages":[)"};
  for (const auto& message : messages)
    body.append(body.back() == '[' ? "" : ",").append(message);
  body += "]}";
  json::reader reader{{}};
  return parse_chat(reader, body, {.models = models});
}

/// Tells a random dialogue, and what it must become: "u{...}" and "a{...}" for its messages.
class storyteller {
public:
  explicit storyteller(unsigned seed)
    : chance_{seed} {}

  std::vector<std::string> messages;
  std::vector<std::string> dialogue;
  std::vector<std::size_t> ends; ///< numbers of messages behind which a request may end

  void tell() {
    ask();
    for (auto rounds = below(6); rounds-- > 0;) {
      if (below(2) == 0)
        call();
      else
        answer();
    }
    if (messages.size() != ends.back())
      ask();
  }

private:
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(chance_);
  }

  std::string word(std::string_view kind) { return std::string{kind} + std::to_string(++words_); }

  void say(std::string message) {
    if (below(5) == 0)
      messages.emplace_back(R"({"role":"assistant","content":" "})"); // nothing
    messages.push_back(std::move(message));
    if (below(8) == 0)
      messages.emplace_back(R"({"role":"system","content":"s"})");
  }

  void ask() {
    const auto text = word("q");
    say(below(2) == 0 ? R"({"role":"user","content":")" + text + "\"}"
                      : R"({"role":"user","content":[{"type":"text","text":")" + text + "\"}]}");
    dialogue.push_back("u{" + text + "}");
    ends.push_back(messages.size());
  }

  void answer() {
    const auto text = word("a");
    say(R"({"role":"assistant","content":")" + text + R"(","tool_calls":[]})");
    dialogue.push_back("a{" + text + "}");
    ask();
  }

  static std::string quoted(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
  }

  /// Calls in one message or several, some with text, and what comes of them.
  void call() {
    std::vector<std::pair<std::string, std::string>> calls; // id and what was asked
    std::string said;
    std::string told;
    for (auto parts = 1 + below(2); parts-- > 0;) {
      std::string list;
      for (auto count = 1 + below(2); count-- > 0;) {
        const auto what = word("k");
        auto id = "c" + std::to_string(calls.size()); // the same ones in every round
        list +=
          (list.empty() ? "" : ",") + (R"({"type":"function","id":")" + id) + "\","
          + R"("function":{"name":"f","arguments":)"
          + quoted(below(2) == 0 ? R"({"k":")" + what + "\"}" : R"({ "k" : ")" + what + "\" }")
          + "}}";
        told += "|" + what;
        calls.emplace_back(std::move(id), what);
      }
      const auto text = below(2) == 0 ? word("t") : "";
      said += text;
      constexpr std::string_view nothing[] = {"null", R"("")", R"("\n")", "[]"};
      say(R"({"role":"assistant","content":)"
          + (text.empty() ? std::string{nothing[below(4)]} : quoted(text)) + R"(,"tool_calls":[)"
          + list + "]}");
    }
    dialogue.push_back("a{" + (said.empty() ? told.substr(1) : said + told) + "}");
    come_of(std::move(calls));
  }

  void come_of(std::vector<std::pair<std::string, std::string>> calls) {
    std::string told;
    const bool answered = below(4) > 0;
    for (const auto& call : calls)
      told += "|" + (answered ? call.second + "=r" + call.second : call.second + "!not answered");
    if (answered) {
      const bool by_order = below(3) == 0;
      if (!by_order)
        std::shuffle(calls.begin(), calls.end(), chance_);
      for (const auto& [id, what] : calls)
        say(R"({"role":"tool",)" + (by_order ? "" : R"("tool_call_id":")" + id + "\",")
            + R"("content":)"
            + (below(2) == 0 ? "\"r" + what + "\"" : R"([{"type":"text","text":"r)" + what + "\"}]")
            + "}");
      dialogue.push_back("u{" + told.substr(1) + "}");
      ends.push_back(messages.size());
    }
    if (!answered || below(3) == 0) { // a user may speak right behind
      const auto text = word("q");
      say(R"({"role":"user","content":")" + text + "\"}");
      if (answered)
        dialogue.pop_back();
      if (answered)
        ends.pop_back();
      dialogue.push_back("u{" + told.substr(1) + "|" + text + "}");
      ends.push_back(messages.size());
    }
  }

  std::mt19937 chance_;
  std::size_t words_ = 0;
};

/// The word that a call asks for.
std::string asked_for(const domain::tool_use_block& call) {
  const auto from = call.arguments.find('k', call.arguments.find('k') + 1);
  return call.arguments.substr(from, call.arguments.find('"', from) - from);
}

/// As the storyteller has it; fails where a result does not belong to the call at its place.
std::vector<std::string> in_short(const std::vector<domain::message>& messages) {
  std::vector<std::string> all;
  std::vector<const domain::tool_use_block*> calls;
  for (const auto& message : messages) {
    std::string told;
    std::size_t results = 0;
    for (const auto& block : message.content) {
      if (const auto* text = std::get_if<domain::text_block>(&block)) {
        told += "|" + text->text;
      } else if (const auto* call = std::get_if<domain::tool_use_block>(&block)) {
        told += "|" + asked_for(*call);
      } else if (const auto* result = std::get_if<domain::tool_result_block>(&block)) {
        if (results >= calls.size() || calls[results]->id != result->call_id) {
          ADD_FAILURE() << "not the result of the call at its place: " << result->call_id;
          return all;
        }
        const auto& part = result->parts.at(0);
        told += "|" + asked_for(*calls[results++]) + (result->is_error ? "!" : "=")
                + std::get<domain::text_block>(part).text;
      }
    }
    EXPECT_EQ(results, calls.size()) << "calls without results";
    calls = domain::calls_of(message);
    all.push_back((message.role == domain::role::user ? "u{" : "a{") + told.substr(1) + "}");
  }
  return all;
}

TEST(tool_history, becomes_the_dialogue_that_it_tells) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    storyteller story{seed};
    story.tell();
    const auto whole = parse(story.messages);
    ASSERT_TRUE(whole) << seed << ' ' << whole.error().param << ": " << whole.error().message;
    ASSERT_EQ(in_short(whole->request.messages), story.dialogue) << seed;
    EXPECT_TRUE(whole->adjusted.empty()) << seed;

    // What a dialogue begins with does not depend on what follows.
    const auto end = static_cast<std::ptrdiff_t>(story.ends[seed % story.ends.size()]);
    const auto begun = parse({story.messages.begin(), story.messages.begin() + end});
    ASSERT_TRUE(begun) << seed << ' ' << begun.error().param << ": " << begun.error().message;
    const auto& first = begun->request.messages;
    ASSERT_LE(first.size(), whole->request.messages.size()) << seed;
    ASSERT_TRUE(std::equal(first.begin(), first.end(), whole->request.messages.begin())) << seed;
  }
}

} // namespace
} // namespace ccapi::openai
