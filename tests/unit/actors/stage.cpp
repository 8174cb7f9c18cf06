#include "stage.hpp"

namespace ccapi::actors::test {

using namespace std::chrono_literals;

stage::settings::settings() {
  add_message_types<caf::id_block::ccapi>();
  set("scheduler.policy", caf::atom("testing"));
}

stage::stage()
  : system_{settings_},
    scheduler_{dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())} {}

io_home& stage::add_loop() {
  return loops_.emplace_back(system_).home;
}

bool stage::pump_loop(std::size_t index) {
  return loops_.at(index).loop.poll() > 0;
}

void stage::pump() {
  for (bool busy = true; busy;) {
    busy = scheduler_.run() > 0;
    for (auto& each : loops_)
      busy = each.loop.poll() > 0 || busy;
  }
}

void stage::advance(std::chrono::milliseconds by) {
  pump();
  scheduler_.advance_time(by);
  pump();
}

bool stage::pump_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  for (pump(); !done(); pump()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    loops_.front().loop.run_one_for(5ms);
  }
  return true;
}

} // namespace ccapi::actors::test
