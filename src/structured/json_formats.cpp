#include "structured/json_formats.hpp"

#include "structured/api_form.hpp"
#include "structured/checker.hpp"
#include "structured/schema.hpp"

#include <utility>

namespace ccapi::structured {

namespace {

/// More than any model says in one answer.
constexpr std::size_t answer_bytes_max = std::size_t{4} << 20;
constexpr json::limits answer_limits{.depth = 64, .values = 500'000};

/// Reads the answer and has `judge` look at it.
template <class Judge>
std::optional<std::string> judged(std::string_view answer, Judge judge) {
  if (answer.size() > answer_bytes_max)
    return "the answer is too long to be checked";
  json::reader reader{answer_limits};
  std::string text;
  text.reserve(answer.size() + json::padded_text::padding);
  text = answer;
  const auto value = reader.parse(text);
  if (!value)
    return value.error().message;
  return judge(*value);
}

class any_object_format final : public domain::answer_format {
public:
  any_object_format()
    : answer_format{domain::api_schema{}} {}

  [[nodiscard]] std::optional<std::string> flaw_of(std::string_view answer) const override {
    return judged(answer, [](simdjson::dom::element value) -> std::optional<std::string> {
      if (value.is_object())
        return std::nullopt;
      return "$ must be an object";
    });
  }
};

class schema_format final : public domain::answer_format {
public:
  schema_format(std::unique_ptr<const schema> wanted, api_form for_api, std::string asked)
    : answer_format{domain::api_schema{std::move(for_api.text)}, std::move(for_api.map_name),
                    std::move(asked)},
      wanted_{std::move(wanted)} {}

  [[nodiscard]] std::optional<std::string> flaw_of(std::string_view answer) const override {
    return judged(answer, [this](simdjson::dom::element value) {
      return checker{}.flaw_of(wanted_->root(), value);
    });
  }

private:
  std::unique_ptr<const schema> wanted_;
};

} // namespace

std::shared_ptr<const domain::answer_format> any_object() {
  static const auto format = std::make_shared<const any_object_format>();
  return format;
}

domain::result<std::shared_ptr<const domain::answer_format>> of_schema(std::string text,
                                                                       const std::string& path) {
  auto asked = text;
  auto wanted = schema::read(std::move(text), path);
  if (!wanted)
    return std::move(wanted).error();
  auto for_api = api_form_of(**wanted, path);
  if (!for_api)
    return std::move(for_api).error();
  return std::shared_ptr<const domain::answer_format>{std::make_shared<const schema_format>(
    *std::move(wanted), *std::move(for_api), std::move(asked))};
}

} // namespace ccapi::structured
