#!/usr/bin/env bash
# Builds the release preset and makes the Debian package: build/package/claude-code-api_*.deb
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
"$root/scripts/install_dependencies.sh" build
umask 022 # what is installed has to be readable
cmake --preset release >/dev/null
cmake --build --preset release --parallel "$("$root/scripts/build_jobs.sh")"
rm -f build/package/*.deb
cpack --config build/release/CPackConfig.cmake >build/release/cpack.log 2>&1 || {
  cat build/release/cpack.log >&2
  exit 1
}
ls build/package/*.deb
