#!/usr/bin/env bash
# Builds the gateway and starts it: scripts/run.sh [arguments of claude-code-api]
# Without a Claude Code CLI it starts in demo mode. CCAPI_BINARY=PATH starts that program as it is,
# without building.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
program="${CCAPI_BINARY:-$root/build/release/claude-code-api}"

if [[ -z "${CCAPI_BINARY:-}" ]]; then
  "$root/scripts/install_dependencies.sh" build
  (
    cd "$root"
    cmake --preset release >/dev/null
    cmake --build --preset release --parallel "$("$root/scripts/build_jobs.sh")"
  )
fi

# The program itself knows best which command all sources of configuration add up to. Whoever named
# another one than "claude" wants that one: the gateway then says what is wrong with it.
claude="$("$program" "$@" --print-config 2>/dev/null | sed -n 's/^command = "\(.*\)" # .*/\1/p' || true)"
if [[ "$claude" == claude && " $* " != *" --demo "* ]] && ! command -v claude >/dev/null; then
  cat >&2 <<'EOM'

There is no Claude Code CLI on this machine (no "claude" in PATH), so the gateway starts in demo
mode: everything works but the answers, which a built-in simulator gives; each is marked "[demo]"
and with the header x-ccapi-demo. For real answers install the CLI with "npm install -g
@anthropic-ai/claude-code", log in by running "claude" once, and start scripts/run.sh again; or say
where it is with "scripts/run.sh --claude /path/to/claude" (key claude.command).

EOM
  set -- --demo "$@"
fi
exec "$program" "$@"
