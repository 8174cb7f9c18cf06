#include "openai/call_history.hpp"

#include "domain/blank.hpp"
#include "domain/quoted_names.hpp"
#include "json/call_arguments.hpp"
#include "json/writer.hpp"
#include "openai/call_style.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;
using json::field_reader;

namespace {

constexpr std::size_t name_bytes_max = 256;

std::string in_quotes(std::string_view id) {
  domain::quoted_names one;
  one.add(id);
  return one.text();
}

domain::error refusal(std::string path, std::string_view rule) {
  auto message = "Invalid value for '" + path + "': ";
  message.append(rule).append(".");
  return {.code = domain::error_code::invalid_request,
          .message = std::move(message),
          .param = std::move(path),
          .retry_useful = false};
}

} // namespace

std::vector<domain::tool_use_block> call_history::read_calls(field_reader& message) {
  std::vector<domain::tool_use_block> calls;
  if (const auto items = message.array("tool_calls"))
    read_list(message, *items, calls);
  const auto function = calls.empty() ? message.object("function_call") : std::nullopt;
  if (function) {
    field_reader named{*function, message.path_of("function_call")};
    add({}, named, "arguments", calls);
    if (named.failed())
      message.fail(named.take_failure());
  }
  if (!calls.empty() && path_.empty())
    path_ = message.path_of(function ? "function_call" : "tool_calls");
  return calls;
}

void call_history::read_list(field_reader& message, const dom::array& items,
                             std::vector<domain::tool_use_block>& calls) {
  message.each_object("tool_calls", items, [&](field_reader& call) { read_call(call, calls); });
}

void call_history::read_call(field_reader& call, std::vector<domain::tool_use_block>& calls) {
  const auto type = call.string("type").value_or("function");
  const bool custom = type == "custom";
  if (!call.failed() && type != "function" && !custom)
    return call.fail_unsupported(call.path_of("type"),
                                 "Only calls of type function and custom can be taken here.");
  const auto id = call.string("id").value_or("");
  const auto inner = call.object(type);
  if (call.failed())
    return;
  if (!inner)
    return call.fail_missing(call.path_of(type));
  field_reader named{*inner, call.path_of(type)};
  add(id, named, custom ? custom_argument : "arguments", calls);
  if (named.failed())
    call.fail(named.take_failure());
}

void call_history::add(std::string_view given_id, field_reader& named,
                       std::string_view arguments_of, std::vector<domain::tool_use_block>& calls) {
  const auto name = named.required_string("name");
  const auto text = named.string(arguments_of).value_or("");
  if (named.failed())
    return;
  if (name->empty() || name->size() > name_bytes_max)
    return named.fail_value(named.path_of("name"),
                            "must be 1 to " + std::to_string(name_bytes_max) + " bytes");
  domain::tool_use_block call{{}, std::string{*name}, {}, {}};
  if (arguments_of == custom_argument) {
    call.arguments = R"({"input":)";
    json::append_string(call.arguments, text);
    call.arguments += '}';
  } else {
    auto arguments = json::read_call_arguments(text);
    mended_ = mended_ || !arguments.readable;
    call.arguments = std::move(arguments.text);
    call.canonical = std::move(arguments.canonical);
  }
  call.id = given_id;
  calls_.push_back({.name = call.name,
                    .result = {.call_id = call.id, .parts = {}, .is_error = false},
                    .id_hash = std::hash<std::string_view>{}(given_id)});
  calls.push_back(std::move(call));
}

call_history::open_call* call_history::find(field_reader& message, bool by_name) {
  const auto id = message.string("tool_call_id").value_or("");
  const auto name = message.string("name").value_or("");
  if (message.failed())
    return nullptr;
  const auto first = [this](auto fits) -> open_call* {
    const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const open_call& each) {
      return !each.answered && fits(each);
    });
    return found == calls_.end() ? nullptr : &*found;
  };
  if (!id.empty()) {
    const auto hash = std::hash<std::string_view>{}(id);
    auto* const found = first([id, hash](const open_call& each) {
      return each.id_hash == hash && each.result.call_id == id;
    });
    if (!found)
      message.fail_value(message.path_of("tool_call_id"),
                         "no call " + in_quotes(id) + " waits for a result at this place");
    return found;
  }
  open_call* found = nullptr;
  if (by_name && !name.empty())
    found = first([name](const open_call& each) { return each.name == name; });
  else
    found = first([](const open_call&) { return true; });
  if (!found)
    message.fail_value(message.path_of(by_name ? "name" : "tool_call_id"),
                       "no call waits for a result at this place");
  return found;
}

void call_history::answer(field_reader& message, bool by_name,
                          std::vector<domain::tool_result_block::part> parts) {
  auto* const call = find(message, by_name);
  if (!call)
    return;
  call->result.parts = std::move(parts);
  call->answered = true;
  ++answered_;
}

domain::result<std::vector<domain::block>> call_history::settle() {
  if (answered_ > 0 && answered_ < calls_.size()) {
    domain::quoted_names missing;
    for (const auto& call : calls_)
      if (!call.answered)
        missing.add(call.result.call_id.empty() ? call.name : call.result.call_id);
    return refusal(path_, "there are results for some calls, but none for " + missing.text());
  }
  std::vector<domain::block> blocks;
  blocks.reserve(calls_.size() + 1);
  for (auto& call : calls_) {
    if (!call.answered) {
      call.result.is_error = true;
      call.result.parts.emplace_back(domain::text_block{std::string{domain::not_answered}});
    }
    blocks.emplace_back(std::move(call.result));
  }
  calls_.clear();
  answered_ = 0;
  path_.clear();
  return blocks;
}

} // namespace ccapi::openai
