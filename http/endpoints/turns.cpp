#include "domain/daily_spending.hpp"
#include "domain/invariant.hpp"
#include "http/access/key_ring.hpp"
#include "http/answers/answer_once.hpp"
#include "http/answers/choices.hpp"
#include "http/answers/kept_answer.hpp"
#include "http/answers/loading.hpp"
#include "http/answers/reply.hpp"
#include "http/answers/reply_writer.hpp"
#include "http/answers/sse_writer.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ccapi::http::endpoints {

namespace {

template <class Writer>
void submit(exchange& client, chat_plan plan, domain::chat_request&& turn) {
  client.note_turn(turn.model);
  auto writer = std::make_shared<Writer>(client, std::move(plan));
  client.work_on(writer);
  writer->start(client.shard().gateway.submit(std::move(turn), writer));
}

std::optional<key_usage::turn_place> begin_turn(const caller& who) {
  if (!who.usage)
    return key_usage::turn_place{};
  return who.usage->begin_turn(who.max_concurrent);
}

/// Nothing: it may.
std::optional<domain::error> budget_problem(exchange& client) {
  const auto& who = client.request().caller;
  auto& gateway = client.shard().gateway;
  if (who.budget_micro_usd_per_day == 0
      || gateway.spent_today(who.name) < who.budget_micro_usd_per_day)
    return {};
  ++gateway.totals().turns_over_budget;
  return domain::error{.code = domain::error_code::insufficient_quota,
                       .message = "This API key has spent its budget of the day. It ends at "
                                  "midnight, UTC.",
                       .retry_after = domain::time_left_today(std::chrono::system_clock::now()),
                       .retry_useful = false};
}

/// Each choice takes one of the key's turns, the first of which is taken.
/// `loaded`: bytes of its pictures that the body only names.
void submit_each(exchange& client, choices_plan wanted, domain::chat_request&& turn, bool stream,
                 std::size_t loaded) {
  const auto count = wanted.encoder->count();
  if (const auto most = client.request().caller.max_concurrent; most > 0 && count > most)
    return reply_error(client, {.code = domain::error_code::unsupported_parameter,
                                .message = "At most " + std::to_string(most)
                                           + " choices can be returned: each is a turn, and this "
                                             "API key's max_concurrent allows no more.",
                                .param = "n",
                                .retry_useful = false});
  if (!client.hold_memory((client.request().body.capacity() + loaded) * count))
    return reply_problem(client, bodies_full, {}, std::chrono::seconds{1});
  for (std::size_t more = 1; more < count; ++more) {
    auto place = begin_turn(client.request().caller);
    if (!place)
      return reply_problem(client, key_turns_exceeded, {}, std::chrono::seconds{1});
    wanted.places.push_back(std::move(*place));
  }
  client.note_turn(turn.model);
  submit_choices(client, std::move(wanted), std::move(turn), stream);
}

/// `named` as in x-ccapi-ignored-params: maybe with what became of it in brackets.
domain::error without_effect(const std::string& named) {
  return {.code = domain::error_code::unsupported_parameter,
          .message =
            "'" + named + "' can't be taken here as it was sent, and strict parameters are wanted.",
          .param = named.substr(0, named.find('(')),
          .retry_useful = false};
}

/// Several choices are wanted because they differ.
domain::cache_finding ask_cache(http_shard& shard, dialect::parsed_turn& asked,
                                const domain::cache_rules& allowed) {
  return shard.gateway.look_up(
    asked.request, asked.choices ? domain::cache_rules{.read = false, .keep = false} : allowed);
}

/// `loaded`: as in submit_each.
void begin_answer(exchange& client, dialect::parsed_turn&& asked, key_usage::turn_place&& place,
                  std::size_t loaded = 0) {
  auto& shard = client.shard();
  asked.request.request_id = client.request().id;
  asked.request.tenant = client.request().caller.name;
  asked.ignored_params.insert(asked.ignored_params.end(), asked.adjusted.begin(),
                              asked.adjusted.end());
  asked.request.strict = client.request().strict || shard.settings().strict_parameters;
  if (asked.request.strict && !asked.ignored_params.empty())
    return reply_error(client, without_effect(asked.ignored_params.front()));
  chat_plan plan{.requested_model = std::move(asked.requested_model),
                 .resolved_model = asked.request.model,
                 .ignored_params = std::move(asked.ignored_params),
                 .rescaled_images = asked.rescaled_images,
                 .echo_requested = shard.settings().echo_requested_model,
                 .encoder = std::move(asked.encoder),
                 .place = std::move(place)};
  const auto found = ask_cache(shard, asked, client.request().cache);
  plan.cache = found.use;
  plan.age = found.age;
  if (found.answer)
    reply_kept(client, std::move(plan), found.answer, asked.stream);
  else if (asked.choices)
    submit_each(client, {.plan = std::move(plan), .encoder = std::move(asked.choices)},
                std::move(asked.request), asked.stream, loaded);
  else if (asked.stream)
    submit<sse_writer>(client, std::move(plan), std::move(asked.request));
  else
    submit<reply_writer>(client, std::move(plan), std::move(asked.request));
}

/// The pictures are there, or known to fail.
void begin_with(exchange& client, const media::loaded_pictures& pictures,
                key_usage::turn_place&& place) {
  auto parsed =
    client.shard().parse(client.request().dialect->parse, client.request().body.text(), &pictures);
  if (!parsed)
    return reply_error(client, parsed.error());
  if (!domain::invariant(parsed->to_load.empty(), "a picture was not asked for"))
    return reply_error(client, {.message = "The pictures could not be loaded."});
  begin_answer(client, *std::move(parsed), std::move(place), bytes_of(pictures));
}

void begin(exchange& client) {
  auto& shard = client.shard();
  if (const auto problem = budget_problem(client)) {
    client.note_turn({});
    client.note_outcome(to_string(problem->code), {});
    return reply_error(client, *problem);
  }
  auto place = begin_turn(client.request().caller);
  if (!place)
    return reply_problem(client, key_turns_exceeded, {}, std::chrono::seconds{1});
  auto parsed = shard.parse(client.request().dialect->parse, client.request().body.text());
  if (!parsed)
    return reply_error(client, parsed.error());
  if (parsed->to_load.empty())
    return begin_answer(client, *std::move(parsed), std::move(*place));
  const auto kept = std::make_shared<key_usage::turn_place>(std::move(*place));
  load_pictures(client, std::move(parsed->to_load),
                [kept](exchange& back, const media::loaded_pictures& pictures) {
                  begin_with(back, pictures, std::move(*kept));
                });
}

} // namespace

void create_turn(exchange& client) {
  answer_once(client, begin);
}

} // namespace ccapi::http::endpoints
