#include "actors/stats_collector.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace ccapi::actors {

namespace {

constexpr std::chrono::seconds source_timeout{1};

/// One question under way.
struct collection {
  caf::typed_response_promise<domain::stats> answer;
  domain::stats sum;
  std::size_t awaited = 0;

  void arrived(const domain::stats& part) {
    sum += part;
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
