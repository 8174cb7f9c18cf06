#!/usr/bin/env bash
# Installs the Debian 12 packages that the build (and, with "test", the tests; with "long", also the
# large ones) need. As root or through sudo; quick if all is there.
# Usage: scripts/install_dependencies.sh [build|test|long]
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache mold
  libcaf-dev libboost1.81-dev libboost-json1.81-dev libsimdjson-dev libtoml11-dev
  libspdlog-dev libfmt-dev libcli11-dev libxxhash-dev
  libssl-dev zlib1g-dev libzstd-dev libre2-dev libsqlite3-dev
  libcurl4-openssl-dev
)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev
  python3 python3-venv curl ca-certificates clang-format-14 openssl zstd
  # of tests/packaging: render the manual, read units, load completions, install the package
  groff mandoc systemd zsh fish lintian mmdebstrap
  chromium # attacks from web pages
)
# What some steps of the tests want and others do without: those are left out where it can't be had.
optional_packages=(clang-14 libclang-rt-14-dev clang-tidy-14)
# Programs that may come from elsewhere (a newer Node.js, say) and then need no package.
test_programs=(node:nodejs npm:npm javac:default-jdk-headless mvn:maven)
long_programs=(cargo:cargo-web)

missing_packages() {
  local name
  for name in "$@"; do
    if [[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]]; then
      echo "$name"
    fi
  done
}

missing_programs() {
  local pair
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
  done
}

wanted_for="${1:-build}"
case "$wanted_for" in
  build) mapfile -t missing < <(missing_packages "${build_packages[@]}") ;;
  test | long)
    programs=("${test_programs[@]}")
    if [[ "$wanted_for" == long ]]; then
      programs+=("${long_programs[@]}")
    fi
    mapfile -t missing < <(missing_packages "${build_packages[@]}" "${test_packages[@]}"
                           missing_programs "${programs[@]}")
    ;;
  *)
    echo "usage: $0 [build|test|long]" >&2
    exit 64
    ;;
esac

wanted=()
if [[ "$wanted_for" != build ]]; then
  mapfile -t wanted < <(missing_packages "${optional_packages[@]}")
fi
if ((${#missing[@]} + ${#wanted[@]} == 0)); then
  exit 0
fi
as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    if ((${#missing[@]} == 0)); then
      exit 0
    fi
    echo "These packages are missing and sudo is not there to install them. As root, run:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
install() {
  echo "Installing: $*"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "$@"
}
if ((${#missing[@]} == 0)); then
  { "${as_root[@]}" apt-get update -q && install "${wanted[@]}"; } \
    || echo "Not to be had: ${wanted[*]}" >&2
  exit 0
fi
"${as_root[@]}" apt-get update -q
install "${missing[@]}"
if ((${#wanted[@]} > 0)); then
  install "${wanted[@]}" || echo "Not to be had: ${wanted[*]}" >&2
fi
