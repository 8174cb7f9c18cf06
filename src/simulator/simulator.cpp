#include "simulator/simulator.hpp"

#include "simulator/session.hpp"
#include "standin/pipes.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace ccapi::simulator {

namespace {

/// Moves bytes between the pipes and the session. Gives the exit code.
int converse(standin::tool_rules tools) {
  standin::pipes ends;
  session talk{std::move(tools)};
  for (bool eof = false;;) {
    talk.on_time(session::clock::now());
    ends.write(talk.output());
    if (const auto code = talk.exit_code(); code && talk.output().empty()) {
      if (!talk.complaint().empty())
        std::fprintf(stderr, "%s\n", talk.complaint().c_str());
      return *code;
    }
    ends.wait(!eof, !talk.output().empty(), talk.wake_at());
    if (!ends.read([&](std::string_view line) { talk.on_line(line, session::clock::now()); })) {
      eof = true;
      talk.on_eof(session::clock::now());
    }
  }
}

} // namespace

int run(int argc, const char* const* argv) {
  const auto asks_version = [](std::string_view argument) { return argument == "--version"; };
  if (argc > 2 && std::any_of(argv + 2, argv + argc, asks_version)) {
    std::printf("%s (claude-code-api simulator)\n", dialect_version);
    return 0;
  }
  return converse(standin::read_tool_rules(argc, argv));
}

} // namespace ccapi::simulator
