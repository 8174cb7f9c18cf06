#include "openai/parameters.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;
using json::field_reader;

namespace {

constexpr std::int64_t integer_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t stop_max = 4;
/// More than any model can say; what a model can't is cut later.
constexpr std::int64_t tokens_max = 1'000'000'000;
/// OpenAI's own bounds: API reference, "Create chat completion".
constexpr double temperature_max = 2;
constexpr double penalty_max = 2;
constexpr std::int64_t top_logprobs_max = 20;
constexpr std::int64_t choices_asked_max = 128;

void refuse_present_object(field_reader& body, std::string_view name, std::string_view why) {
  if (body.object(name))
    body.fail_unsupported(body.path_of(name), why);
}

void refuse_modalities(field_reader& body) {
  const auto modalities = body.array("modalities");
  if (!modalities)
    return;
  std::size_t index = 0;
  for (const auto item : *modalities) {
    const auto at = index++;
    std::string_view modality;
    if (item.get(modality) != simdjson::SUCCESS)
      body.fail_type(body.path_of("modalities", at), "a string", item);
    else if (modality != "text")
      body.fail_unsupported(body.path_of("modalities"), "Only text can be returned.");
  }
}

void append_stop(field_reader& body, std::string path, const dom::element& value,
                 std::vector<std::string>& stop) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS)
    body.fail_type(std::move(path), "a string", value);
  else if (text.empty())
    body.fail_value(std::move(path), "must not be empty");
  else
    stop.emplace_back(text);
}

std::vector<std::string> read_stop(field_reader& body) {
  std::vector<std::string> stop;
  const auto value = body.any("stop");
  if (!value)
    return stop;
  if (value->is_string()) {
    append_stop(body, body.path_of("stop"), *value, stop);
    return stop;
  }
  dom::array items;
  if (value->get(items) != simdjson::SUCCESS) {
    body.fail_type(body.path_of("stop"), "a string or an array of strings", *value);
    return stop;
  }
  if (items.size() > stop_max) {
    body.fail_value(body.path_of("stop"),
                    "at most " + std::to_string(stop_max) + " sequences are allowed");
    return stop;
  }
  std::size_t index = 0;
  for (const auto item : items)
    append_stop(body, body.path_of("stop", index++), item, stop);
  return stop;
}

std::optional<domain::reasoning_effort> read_effort(field_reader& from, std::string_view member) {
  using domain::reasoning_effort;
  const auto word = from.string(member);
  if (!word)
    return std::nullopt;
  constexpr std::array<std::pair<std::string_view, reasoning_effort>, 7> efforts{{
    {"none", reasoning_effort::none},
    {"minimal", reasoning_effort::minimal},
    {"low", reasoning_effort::low},
    {"medium", reasoning_effort::medium},
    {"high", reasoning_effort::high},
    {"xhigh", reasoning_effort::xhigh},
    {"max", reasoning_effort::max},
  }};
  for (const auto& [name, effort] : efforts)
    if (name == *word)
      return effort;
  from.fail_value(from.path_of(member),
                  "must be one of none, minimal, low, medium, high, xhigh, max");
  return std::nullopt;
}

/// Nothing of the dialogue can be known to a conversation alone: user messages by themselves may
/// continue one, and so do results of calls that stand nowhere.
bool tells_all(const std::vector<domain::message>& messages) noexcept {
  const auto answer = [](const domain::message& each) {
    return each.role == domain::role::assistant;
  };
  return std::any_of(messages.begin(), messages.end(), answer)
         && !domain::has_results(messages.front());
}

void list_if(bool asked, std::string_view name, std::vector<std::string>& ignored) {
  if (asked)
    ignored.emplace_back(name);
}

} // namespace

void refuse_unsupported(field_reader& body) {
  refuse_present_object(body, "audio", "Only text can be returned.");
  refuse_modalities(body);
  refuse_present_object(body, "web_search_options", "Web search is not available here.");
}

std::size_t read_choices(field_reader& body, const domain::chat_request& request,
                         std::size_t choices_max) {
  const auto asked = body.integer("n", 1, choices_asked_max).value_or(1);
  const auto count = static_cast<std::size_t>(asked);
  if (count > choices_max)
    body.fail_unsupported(body.path_of("n"), "At most " + std::to_string(choices_max)
                                               + " choices can be returned (limits.choices_max).");
  else if (count > 1 && request.conversation_id
           && !(request.model_given && tells_all(request.messages)))
    body.fail_unsupported(body.path_of("n"),
                          "Several choices for a conversation need its model and all of its "
                          "messages, with the assistant's, and not the new ones alone.");
  return count;
}

domain::sampling read_sampling(field_reader& body) {
  domain::sampling sampling;
  sampling.temperature = body.number("temperature", 0, temperature_max);
  sampling.top_p = body.number("top_p", 0, 1);
  sampling.stop = read_stop(body);
  const auto newer = body.integer("max_completion_tokens", 1, tokens_max);
  const auto older = body.integer("max_tokens", 1, tokens_max);
  sampling.max_tokens = newer ? newer : older;
  return sampling;
}

std::optional<domain::reasoning_effort> read_reasoning(field_reader& body,
                                                       std::vector<std::string>& ignored) {
  const auto effort = read_effort(body, "reasoning_effort");
  const auto value = body.any("reasoning");
  if (!value)
    return effort;
  dom::object object;
  if (effort || value->get(object) != simdjson::SUCCESS) {
    ignored.emplace_back("reasoning");
    return effort;
  }
  field_reader reasoning{object, body.path_of("reasoning")};
  const auto nested = read_effort(reasoning, "effort");
  if (reasoning.failed())
    body.fail(reasoning.take_failure());
  else if (!nested)
    ignored.emplace_back("reasoning");
  else if (object.size() > 1)
    ignored.emplace_back("reasoning(effort)");
  return nested;
}

std::optional<std::int64_t> read_seed(field_reader& body) {
  return body.integer("seed", integer_min, integer_max);
}

std::string read_unheeded(field_reader& body) {
  std::string wishes;
  for (const std::string_view name :
       {"presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs",
        "verbosity", "reasoning", "top_k", "min_p", "repetition_penalty", "thinking"})
    if (const auto value = body.any(name))
      wishes.append(name).append(":").append(simdjson::minify(*value)).append(",");
  return wishes;
}

void list_ignored(field_reader& body, std::vector<std::string>& ignored) {
  for (const std::string_view name : {"presence_penalty", "frequency_penalty"}) {
    const auto penalty = body.number(name, -penalty_max, penalty_max);
    list_if(penalty.has_value() && (*penalty < 0 || *penalty > 0), name, ignored);
  }
  list_if(body.any("seed").has_value(), "seed", ignored);
  if (const auto format = body.object("response_format")) {
    dom::element schema;
    std::string_view type;
    list_if((*format)["type"].get(type) == simdjson::SUCCESS && type == "json_object"
              && (*format)["schema"].get(schema) == simdjson::SUCCESS,
            "response_format.schema", ignored);
  }
  const auto bias = body.object("logit_bias");
  list_if(bias && bias->size() > 0, "logit_bias", ignored);
  list_if(body.boolean("logprobs").value_or(false), "logprobs", ignored);
  list_if(body.integer("top_logprobs", 0, top_logprobs_max).value_or(0) != 0, "top_logprobs",
          ignored);
  // The defaults of the API ask for nothing.
  list_if(body.string("verbosity").value_or("medium") != "medium", "verbosity", ignored);
  const auto tier = body.string("service_tier").value_or("auto");
  list_if(tier != "auto" && tier != "default", "service_tier", ignored);
  list_if(body.boolean("store").value_or(false), "store", ignored);
  // Promises a faster answer, never another one.
  list_if(body.object("prediction").has_value(), "prediction", ignored);
  // Not OpenAI's: what clients of other servers (vLLM, OpenRouter, Anthropic) ask for, in any form.
  for (const std::string_view name : {"top_k", "min_p", "repetition_penalty", "thinking"})
    list_if(body.any(name).has_value(), name, ignored);
}

} // namespace ccapi::openai
