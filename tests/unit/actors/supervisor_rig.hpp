#pragma once
// supervisor_rules: the supervisor under CAF's test scheduler, with played launcher and processes.

#include "actors/pool/supervisor.hpp"
#include "scripted_cli.hpp"
#include "stage.hpp"

#include <caf/event_based_actor.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace ccapi::actors::test {

using namespace std::chrono_literals;
using domain::error_code;

/// A start that the launcher was asked for.
struct start_order {
  domain::process_id id = 0;
  std::string program;
  bool unhurried = false;
  process::launcher::spawned on_spawned;
  process::launcher::exited on_exited;
  process::launcher::spoke on_spoke;
  std::shared_ptr<scripted_cli> cli = std::make_shared<scripted_cli>();
};

/// A process actor as the supervisor sees it.
struct played_process {
  bool idle = false;
  domain::steady_time idle_since{};
  std::uint32_t turns = 1;
  bool leads_back = false;
  bool parked = false;
  bool accepts = true;
  bool deaf = false;
  std::size_t questions = 0;
  std::size_t retirements = 0;
  std::size_t exits = 0;
  claude_process_actor handle;
};

class supervisor_rules : public testing::Test {
protected:
  void start(std::size_t processes_max, std::size_t queue_max = 10);
  void TearDown() override;

  /// Another one for each prompt; all on one thread.
  static domain::process_origin origin_of(const domain::tenant_prompt& prompt) {
    return {0, {std::hash<std::string>{}(prompt.tenant + '/' + prompt.text), 0}};
  }
  void want(domain::lease_id lease, const std::string& model = "m",
            const domain::tenant_prompt& prompt = {},
            std::optional<domain::steady_time> waiting_since = {});
  /// The reply to a lease, if it has come.
  const lease_reply* reply(domain::lease_id lease) const;
  std::optional<error_code> refusal(domain::lease_id lease) const;
  bool granted(domain::lease_id lease) const { return reply(lease) && reply(lease)->child; }

  /// The launcher reports.
  void started(std::size_t which);
  void not_started(std::size_t which, error_code why = error_code::cli_unavailable);
  void exited(domain::process_id id);
  /// A conversation makes the actor for a child.
  played_process& claim(domain::process_id id, bool idle = false, domain::steady_time since = {});
  void tell_idle(domain::process_id id);
  void tell_parked(domain::process_id id);
  /// The process reports that it is up, or why it did not come up.
  void booted(domain::process_id id, std::optional<std::string> failure = {});
  /// want + started + claim.
  played_process& grant(domain::lease_id lease, bool idle, domain::steady_time since = {});
  domain::stats figures();
  void login(bool works);
  domain::health& attach();

  stage world;
  supervisor_actor boss;
  domain::spare_pool::options spares{.total_max = 0};
  std::chrono::milliseconds queue_timeout = 30s;
  std::string cli_identity = "one";
  std::deque<start_order> starts;
  std::map<domain::lease_id, lease_reply> replies;
  std::map<domain::process_id, played_process> processes;
  domain::health health{domain::health_state::ok, "", "/bin/claude", "2.1.330"};
  domain::start_breaker::options breaker;
  std::size_t health_changes = 0;

private:
  std::vector<caf::actor> extras_;
  domain::health heard_;
};

} // namespace ccapi::actors::test
