#include "toy_dialect.hpp"

#include "json/reader.hpp"
#include "json/writer.hpp"

#include <array>
#include <utility>

namespace ccapi::http::test {

namespace {

std::string object(std::string_view name, std::string_view value) {
  std::string body = "{";
  json::append_string(body, name);
  json::append_string(body += ':', value);
  return body += '}';
}

std::string error(const dialect::public_error& what) {
  return object("sorry", what.message);
}

class encoder final : public dialect::answer_encoder {
public:
  void open(dialect::answer_start&& start, std::string& out) override {
    out.append("event: begin\ndata: ").append(start.model).append("\n\n");
  }
  void event(const domain::event& what, std::string& out) override {
    if (const auto* text = std::get_if<domain::text_delta>(&what))
      out.append("event: say\ndata: ").append(text->text).append("\n\n");
    else if (const auto* failed = std::get_if<domain::turn_failed>(&what))
      out.append("event: sorry\ndata: ").append(failed->failure.message).append("\n\n");
    else if (std::holds_alternative<domain::turn_finished>(what))
      out.append("event: end\ndata:\n\n");
  }
  void ping(std::string& out) override { out += "event: wait\ndata:\n\n"; }
  std::string whole(dialect::answer_start&&, const dialect::whole_answer& said,
                    const domain::turn_finished&) override {
    return object("said", said.text);
  }
};

domain::result<dialect::parsed_turn> parse(json::reader& reader, json::padded_text body,
                                           const dialect::parse_context& context) {
  auto document = reader.parse(body);
  if (!document)
    return std::move(document).error();
  const auto member = [&](std::string_view name) { return (*document)[name]; };
  std::string_view text;
  if (member("say").get(text) != simdjson::SUCCESS)
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "Say something.",
                         .retry_useful = false};
  auto model = context.models.resolve("");
  if (!model)
    return std::move(model).error();
  dialect::parsed_turn turn;
  turn.request.model = *std::move(model);
  turn.request.messages.push_back({domain::role::user, std::string{text}});
  turn.stream = member("live").error() == simdjson::SUCCESS;
  turn.encoder = std::make_unique<encoder>();
  return turn;
}

constexpr std::array<std::string_view, 1> asked_families{"toy-"};

void append_headers(std::string& lines, std::chrono::milliseconds) {
  lines += "toy: 1\r\n";
}

} // namespace

const dialect::protocol toy_protocol{
  .parse = parse,
  .error = error,
  .append_headers = append_headers,
  .headers = {.asked_families = asked_families, .answered = "toy"}};

} // namespace ccapi::http::test
