#pragma once
// stats_collector: adds up the figures that the other actors keep, when somebody asks.

#include "actors/interfaces.hpp"
#include "actors/messages.hpp"

#include <vector>

namespace ccapi::actors {

/// Nothing is counted twice and nothing is sent until /stats is read, so counting costs a turn
/// nothing. Runs on CAF's scheduler. `sources` are asked in parallel, each for at most 1 s; one
/// that does not answer is left out.
stats_collector_actor::behavior_type stats_collector(stats_collector_actor::pointer self,
                                                     std::vector<status_client_actor> sources);

} // namespace ccapi::actors
