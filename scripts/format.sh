#!/usr/bin/env bash
# Formats all C++ files with clang-format 14; with --check only says which ones are not formatted.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
case "${1:-}" in
  "") mode=(-i) ;;
  --check) mode=(--dry-run --Werror) ;;
  *)
    echo "usage: $0 [--check]" >&2
    exit 64
    ;;
esac
find actors config http src tests -name '*.[ch]pp' -print0 | xargs -0 -r clang-format-14 "${mode[@]}"
