#!/usr/bin/env bash
# Builds the gateway and starts it: scripts/run.sh [arguments of claude-code-api]
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
program="$root/build/release/claude-code-api"

"$root/scripts/install_dependencies.sh" build
(
  cd "$root"
  cmake --preset release >/dev/null
  cmake --build --preset release --parallel "$("$root/scripts/build_jobs.sh")"
)

# The program itself knows best which command all sources of configuration add up to.
claude="$("$program" "$@" --print-config 2>/dev/null | sed -n 's/^command = "\(.*\)" # .*/\1/p' || true)"
if [[ -n "$claude" ]] && ! command -v "$claude" >/dev/null; then
  cat >&2 <<EOM

The Claude Code CLI ("$claude") was not found. The gateway starts all the same: /health reports
"degraded" and chats are answered with 503 until the CLI is there. Install it with
"npm install -g @anthropic-ai/claude-code", log in by running "claude" once, and start again; or say
where it is with "scripts/run.sh --claude /path/to/claude" (key claude.command).

EOM
fi
exec "$program" "$@"
