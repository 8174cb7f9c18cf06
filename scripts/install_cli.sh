#!/usr/bin/env bash
# Installs pinned versions of the real Claude Code CLI for the tests, each in a folder of its own:
# scripts/install_cli.sh VERSION...  ->  build/cli/VERSION/node_modules/.bin/claude
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

says_version() { # PROGRAM VERSION
  [[ -x "$1" && "$(HOME=/nonexistent "$1" --version </dev/null 2>/dev/null)" == "$2 "* ]]
}

install_version() { # VERSION
  local version="$1"
  local folder="$root/build/cli/$version"
  local program="$folder/node_modules/.bin/claude"
  if says_version "$program" "$version"; then
    echo "Claude CLI $version: there already"
    return
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  echo '{"private": true}' >"$folder/package.json"
  # The package's install script puts the program in its place. Newer versions of npm run such
  # scripts only after approval, so that one is run by hand and all others are left alone.
  (
    cd "$folder"
    npm install --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error \
      --save-exact "@anthropic-ai/claude-code@$version"
    node node_modules/@anthropic-ai/claude-code/install.cjs
  )
  if ! says_version "$program" "$version"; then
    echo "Claude CLI $version: installed in $folder, but it does not run" >&2
    return 1
  fi
  echo "Claude CLI $version: installed"
}

for version in "$@"; do
  install_version "$version"
done
