#include "session_rig.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ccapi::claude::test {

void session_rig::start_unbooted() {
  core.emplace(settings, primed, now);
  events.clear();
  lines.clear();
  steps.clear();
}

void session_rig::start(const std::string& version) {
  start_unbooted();
  say(cli_lines::version("gateway-1", version));
  EXPECT_EQ(take_steps(), std::vector{step::report_boot});
  EXPECT_EQ(core->version(), version);
}

void session_rig::order(std::string text) {
  query = asked(std::move(text));
  order_query();
}

void session_rig::order_query() {
  ASSERT_TRUE(core->takes_turns());
  seed_pointers.clear();
  for (const auto& entry : seed)
    seed_pointers.push_back(&entry);
  core->begin({.system_prompt = system_prompt,
               .rewinds = rewinds,
               .seed = seed_pointers,
               .query = query,
               .settings = turn_settings,
               .deadline = now + time_of_turn},
              now);
  collect();
}

void session_rig::run_turn(const std::string& question, const std::string& answer) {
  order(question);
  EXPECT_EQ(take_user(), question);
  say(cli_lines::answer(answer));
  EXPECT_EQ(take_steps(), std::vector{step::rest});
}

void session_rig::say(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    // The decoder may look that far.
    const auto padded = std::string{text.substr(0, end)} + std::string(64, '\0');
    core->on_line({padded.data(), end}, now);
    collect();
    text.remove_prefix(end + 1);
  }
  core->on_lines_end(now);
}

void session_rig::collect() {
  for (;;) {
    auto& out = core->output();
    std::move(out.events.begin(), out.events.end(), std::back_inserter(events));
    std::move(out.lines.begin(), out.lines.end(), std::back_inserter(lines));
    steps.insert(steps.end(), out.steps.begin(), out.steps.end());
    out.clear();
    if (!core->awaits_room() || pipe_full)
      return;
    core->on_input_drained(now);
  }
}

void session_rig::wait(std::chrono::milliseconds time) {
  const auto until = now + time;
  while (core->wake_at() <= until) {
    now = std::max(now, core->wake_at());
    core->on_time(reading_paused, now);
    collect();
  }
  now = until;
}

std::string session_rig::next_line() {
  if (lines.empty())
    return {};
  auto line = std::move(lines.front());
  lines.pop_front();
  return line;
}

std::string session_rig::take_control(std::string_view subtype) {
  const auto line = next_line();
  EXPECT_EQ(field(line, "type"), "control_request") << line;
  EXPECT_EQ(field(line, "subtype"), subtype) << line;
  return field(line, "request_id");
}

std::string session_rig::take_user(bool seeded) {
  const auto line = next_line();
  EXPECT_EQ(field(line, "type"), "user") << line;
  EXPECT_EQ(line.find("\"shouldQuery\":false") != std::string::npos, seeded) << line;
  return field(line, "text");
}

std::string session_rig::take_assistant() {
  const auto line = next_line();
  EXPECT_EQ(field(line, "type"), "assistant") << line;
  return field(line, "text");
}

std::vector<session_step> session_rig::take_steps() {
  return std::exchange(steps, {});
}

std::string session_rig::text() const {
  std::string all;
  for (const auto& event : events)
    if (const auto* delta = std::get_if<domain::text_delta>(&event))
      all += delta->text;
  return all;
}

} // namespace ccapi::claude::test
