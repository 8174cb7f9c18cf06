// tests/fixtures/json/documents.tsv through the parser of chat requests: what a client notices.

#include "json/reader.hpp"
#include "openai/chat_parser.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {
namespace {

const domain::model_catalog models{"sonnet", {{"gpt-*", "default"}}, {"sonnet", "opus"}};

struct document {
  std::size_t line = 0;
  std::string kind;
  bool accepted = false;
  std::string bytes;
  std::string text;
};

std::size_t number_from(std::string_view text, int base) {
  std::size_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  EXPECT_TRUE(ec == std::errc{} && end == text.data() + text.size()) << text;
  return number;
}

/// %HH is a byte, %(N:X) is X repeated.
std::string unpacked(std::string_view packed) {
  std::string bytes;
  while (!packed.empty()) {
    const auto plain = packed.substr(0, packed.find('%'));
    bytes += plain;
    packed.remove_prefix(plain.size());
    if (packed.starts_with("%(")) {
      const auto colon = packed.find(':');
      const auto end = packed.find(')', colon);
      const auto piece = unpacked(packed.substr(colon + 1, end - colon - 1));
      for (auto left = number_from(packed.substr(2, colon - 2), 10); left > 0; --left)
        bytes += piece;
      packed.remove_prefix(end + 1);
    } else if (!packed.empty()) {
      bytes += static_cast<char>(number_from(packed.substr(1, 2), 16));
      packed.remove_prefix(3);
    }
  }
  return bytes;
}

std::vector<document> documents() {
  std::ifstream file{CCAPI_FIXTURES "/json/documents.tsv"};
  std::vector<document> found;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.front() == '#')
      continue;
    std::vector<std::string_view> fields;
    for (std::string_view rest{line};;) {
      const auto end = rest.find('\t');
      fields.push_back(rest.substr(0, end));
      if (end == std::string_view::npos)
        break;
      rest.remove_prefix(end + 1);
    }
    if (fields.size() < 3 || (fields[1] != "accept" && fields[1] != "refuse")) {
      ADD_FAILURE() << "line " << number << " is malformed";
      continue;
    }
    found.push_back({.line = number,
                     .kind = std::string{fields[0]},
                     .accepted = fields[1] == "accept",
                     .bytes = unpacked(fields[2]),
                     .text = fields.size() > 3 ? unpacked(fields[3]) : std::string{}});
  }
  return found;
}

std::string body_of(const document& tested) {
  const std::string request = R"({"messages":[{"role":"user","content":)";
  if (tested.kind == "value")
    return request + R"("hi"}],"x":)" + tested.bytes + "}";
  if (tested.kind == "text")
    return request + tested.bytes + "}]}";
  EXPECT_EQ(tested.kind, "whole");
  return tested.bytes;
}

TEST(json_corpus, every_document_is_taken_or_refused_as_the_table_says) {
  const auto table = documents();
  EXPECT_GE(table.size(), 500u);
  json::reader reader{{}}; // one for all: no document spoils the next one's parse
  for (const auto& tested : table) {
    SCOPED_TRACE("documents.tsv:" + std::to_string(tested.line));
    auto body = body_of(tested);
    const auto chat = parse_chat(reader, body, {.models = models});
    EXPECT_EQ(bool(chat), tested.accepted)
      << (chat ? std::string{"was taken"} : chat.error().message);
    if (chat && tested.kind == "text") {
      EXPECT_EQ(domain::plain_text(chat->request.messages.back()), tested.text);
    } else if (!chat) {
      EXPECT_FALSE(chat.error().message.empty());
      EXPECT_TRUE(chat.error().code == domain::error_code::invalid_request
                  || chat.error().code == domain::error_code::unsupported_parameter
                  || chat.error().code == domain::error_code::model_not_found);
    }
  }
}

} // namespace
} // namespace ccapi::openai
