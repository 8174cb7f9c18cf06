#include "http/answers/chat_plan.hpp"

#include "http/answers/response.hpp"
#include "json/writer.hpp"

#include <algorithm>
#include <chrono>

namespace ccapi::http {

namespace {

/// Of what an answer's head says of its turn, as a rule.
constexpr std::size_t usual_bytes = 384;

/// As Server-Timing has it.
void append_duration(std::string& line, std::chrono::microseconds time) {
  json::append_milliseconds(line += ";dur=", time);
}

} // namespace

std::string chat_plan::shown_model(std::string_view ran) const {
  if (echo_requested && !requested_model.empty())
    return requested_model;
  return ran.empty() ? resolved_model : std::string{ran};
}

std::string chat_plan::cache_headers() const {
  switch (cache) {
  case domain::cache_use::off:
    break;
  case domain::cache_use::bypass:
    return "x-ccapi-cache: bypass\r\n";
  case domain::cache_use::miss:
    return "x-ccapi-cache: miss\r\n";
  case domain::cache_use::hit:
    return "x-ccapi-cache: hit\r\nage: " + std::to_string(age.count()) + "\r\n";
  }
  return {};
}

std::string chat_plan::headers(std::string_view ran,
                               const std::vector<std::string>& dropped) const {
  std::string lines = cache_headers();
  const auto mapped = ran.empty() ? std::string_view{resolved_model} : ran;
  if (mapped != requested_model) {
    lines.reserve(96);
    append_header(lines, "x-ccapi-mapped-model", mapped);
  }
  if (rescaled_images > 0)
    append_header(lines, "x-ccapi-rescaled-images", std::to_string(rescaled_images));
  if (ignored_params.empty() && dropped.empty())
    return lines;
  std::string ignored;
  for (const auto* names : {&ignored_params, &dropped})
    for (const auto& name : *names)
      ignored.append(ignored.empty() ? "" : ", ").append(name);
  append_header(lines, "x-ccapi-ignored-params", ignored);
  return lines;
}

void turn_trace::note(const domain::event& what) {
  if (domain::credit_bytes(what) > 0) {
    work_begun = true; // as nearly all events say
  } else if (const auto* accepted = std::get_if<domain::turn_accepted>(&what)) {
    conversation_id = accepted->conversation_id;
  } else if (const auto* place = std::get_if<domain::turn_placed>(&what)) {
    placed = *place;
  } else if (const auto* begun = std::get_if<domain::answer_started>(&what)) {
    work_begun = true;
    started = *begun;
  }
}

const std::vector<std::string>& turn_trace::dropped() const {
  static const std::vector<std::string> none;
  return placed ? placed->dropped : none;
}

std::string turn_trace::headers() const {
  std::string lines;
  lines.reserve(usual_bytes);
  append_header(lines, "x-ccapi-conversation-id", conversation_id);
  if (!placed)
    return lines;
  append_header(lines, "x-ccapi-match", to_string(placed->outcome));
  append_duration(lines += "server-timing: wait", placed->waited);
  if (started) {
    append_duration(lines += ", boot", started->boot);
    if (placed->spare)
      lines += placed->primed ? R"(;desc="primed spare")" : R"(;desc="spare")";
    append_duration(lines += ", setup", started->setup);
    append_duration(lines += ", first", started->first);
  }
  lines += "\r\n";
  return lines;
}

void append_cost(std::string& lines, const domain::usage& used) {
  json::append_millionths(lines += "x-ccapi-cost-usd: ", used.cost_micro_usd);
  lines += "\r\n";
}

std::size_t credit_lot(std::size_t stream_buffer_bytes) noexcept {
  constexpr std::size_t usual = std::size_t{64} << 10;
  return std::max<std::size_t>(1, std::min(usual, stream_buffer_bytes / 4));
}

} // namespace ccapi::http
