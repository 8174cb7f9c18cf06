#include "actors/stats_collector.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace ccapi::actors {

namespace {

constexpr std::chrono::seconds source_timeout{1};

void add(domain::stats& sum, const domain::stats& part) {
  sum.turns_submitted += part.turns_submitted;
  sum.turns_finished += part.turns_finished;
  sum.turns_failed += part.turns_failed;
  sum.turns_cancelled += part.turns_cancelled;
  sum.turns_retried += part.turns_retried;
  sum.turns_without_parameter += part.turns_without_parameter;
  for (std::size_t i = 0; i < sum.matches.size(); ++i)
    sum.matches[i] += part.matches[i];
  sum.times += part.times;
  sum.turns_active += part.turns_active;
  sum.prompt_tokens += part.prompt_tokens;
  sum.completion_tokens += part.completion_tokens;
  sum.processes_live += part.processes_live;
  sum.processes_busy += part.processes_busy;
  sum.processes_max += part.processes_max;
  sum.processes_spawned += part.processes_spawned;
  sum.processes_retired += part.processes_retired;
  sum.processes_failed += part.processes_failed;
  sum.spares_ready += part.spares_ready;
  sum.spares_booting += part.spares_booting;
  sum.spares_primed += part.spares_primed;
  sum.spare_hits += part.spare_hits;
  sum.primed_hits += part.primed_hits;
  sum.spare_misses += part.spare_misses;
  sum.spares_dropped += part.spares_dropped;
  sum.queue_length += part.queue_length;
  sum.queue_max += part.queue_max;
  sum.conversations += part.conversations;
  sum.cli_lines_unknown += part.cli_lines_unknown;
  sum.cli_lines_malformed += part.cli_lines_malformed;
}

/// One question under way.
struct collection {
  caf::typed_response_promise<domain::stats> answer;
  domain::stats sum;
  std::size_t awaited = 0;

  void arrived(const domain::stats& part) {
    add(sum, part);
    if (--awaited == 0)
      answer.deliver(sum);
  }
};

} // namespace

stats_collector_actor::behavior_type stats_collector(stats_collector_actor::pointer self,
                                                     std::vector<status_client_actor> sources) {
  return {
    [self, sources = std::move(sources)](const collect&) {
      auto state = std::make_shared<collection>();
      state->answer = self->make_response_promise<domain::stats>();
      state->awaited = sources.size();
      for (const auto& source : sources)
        self->request(source, source_timeout, collect{})
          .then([state](const domain::stats& part) { state->arrived(part); },
                [state](const caf::error&) { state->arrived({}); });
      return state->answer;
    },
  };
}

} // namespace ccapi::actors
