#!/usr/bin/env bash
# Runs clang-tidy 14 with the flags of the dev preset: over the .cpp files changed since the last
# commit, over the first eight that the last commit changed (--last), over all of them (--all), or
# over the given ones.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
database=build/tidy
# clang can't read the headers that gcc has precompiled.
cmake --preset dev -B "$database" -DCCAPI_PRECOMPILE=OFF >/dev/null

case "${1:-}" in
  --all) mapfile -t files < <(find actors config http src -name '*.cpp' | sort) ;;
  "")
    mapfile -t files < <({
      git diff --name-only --diff-filter=d HEAD
      git ls-files --others --exclude-standard
    } | grep -E '^(actors|config|http|src)/.*\.cpp$' | sort -u)
    ;;
  --last)
    mapfile -t files < <({ git diff --name-only --diff-filter=d HEAD~1 HEAD || true; } 2>/dev/null \
      | grep -E '^(actors|config|http|src)/.*\.cpp$' | head -n 8)
    ;;
  -*)
    echo "usage: $0 [--last | --all | FILE...]" >&2
    exit 64
    ;;
  *) files=("$@") ;;
esac
if ((${#files[@]} == 0)); then
  echo "nothing changed"
  exit 0
fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P 2 clang-tidy-14 --quiet -p "$database"
