#!/usr/bin/env bash
# Installs what the tests need, builds, and runs everything that CI runs. Ends with a summary;
# exit code 0 only if all steps passed. scripts/test.sh [--long]: also what is slow or large.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"

# The oldest CLI that is supported and the newest that was tested; in --long what is between them.
cli_versions=(2.1.197 2.1.332)
lane=()
share=0.3 # of the storms; all of them in --long
case "${1:-}" in
  "") ;;
  --long)
    lane=(--long)
    share=1
    cli_versions=(2.1.197 2.1.330 2.1.332)
    export CCAPI_MODEL_SEQUENCES=5000 CCAPI_TOOL_SEQUENCES=5000
    ;;
  *) echo "usage: scripts/test.sh [--long]" >&2 && exit 64 ;;
esac

jobs=2
export CCAPI_CLI_VERSIONS="${cli_versions[*]}" CCAPI_STORM_SHARE="$share"
venv="$root/build/venv"
summary=()
failed=0

# Runs a step and notes how long it took. A failed step does not keep later ones from running.
step() { # NAME COMMAND...
  local name="$1" begin="$SECONDS" result=passed
  shift
  echo "==> $name"
  "$@" || { result=FAILED && failed=1; }
  summary+=("$(printf '%-36s %-7s %4d s' "$name" "$result" "$((SECONDS - begin))")")
  echo "<== ${summary[-1]}"
  [[ "$result" == passed ]]
}

# A step that is left out, and said to be, where a program that it needs could not be installed.
step_with() { # PROGRAM NAME COMMAND...
  if command -v "$1" >/dev/null; then
    step "${@:2}"
  else
    summary+=("$(printf '%-36s skipped, there is no %s' "$2" "$1")")
    echo "<== ${summary[-1]}"
  fi
}

finish() {
  printf '\nSummary\n'
  printf '  %s\n' "${summary[@]}"
  printf '  %-36s %-7s %4d s\n' "all" "$( ((failed)) && echo FAILED || echo passed)" "$SECONDS"
  exit "$failed"
}

# What later steps stand on: without it there is nothing to go on with.
required() { step "$@" || finish; }

python_environment() {
  local wanted installed="$venv/requirements.sha256"
  wanted="$(sha256sum <tests/e2e/requirements.txt)"
  if [[ -f "$installed" && "$(cat "$installed")" == "$wanted" ]]; then
    return 0
  fi
  rm -rf "$venv"
  python3 -m venv "$venv" \
    && "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/e2e/requirements.txt \
    && echo "$wanted" >"$installed"
}

build() { # PRESET BUILD-ARGUMENTS...
  cmake --preset "$1" >/dev/null && cmake --build --preset "$1" --parallel "$jobs" "${@:2}"
}

# What may run beside others does so, two at a time; what looks at times or memory runs alone.
end_to_end() { # PRESET MARKS PYTEST-ARGUMENTS...
  local preset="$1" marks="$2" result=0
  shift 2
  export CCAPI_REQUIRE_CLI=1 CCAPI_BINARY="$root/build/$preset/claude-code-api" \
    CCAPI_FAKE_CLAUDE="$root/build/dev/fake_claude"
  "$venv/bin/python" -m pytest -q tests/e2e -n "$jobs" --dist worksteal --durations=25 \
    --junit-xml="build/$preset-beside.xml" -m "($marks) and not serial" "$@" || result=1
  "$venv/bin/python" -m pytest -q tests/e2e --durations=15 --junit-xml="build/$preset-alone.xml" \
    -m "($marks) and serial" "$@" || result=1
  return "$result"
}

threads() {
  CCAPI_BINARY="$root/build/tsan/claude-code-api" CCAPI_FAKE_CLAUDE="$root/build/dev/fake_claude" \
    "$venv/bin/python" -m pytest -q --durations=5 -m "not real_cli" tests/e2e/test_storm.py \
    tests/e2e/test_reload.py tests/e2e/test_drain.py tests/e2e/test_client_gone.py \
    tests/e2e/test_hostile_clients.py tests/e2e/test_cache.py tests/e2e/test_idempotency.py
}

# What operators get: units, manual, completions, and the package in a clean Debian.
packaging() {
  CCAPI_BINARY="$root/build/release/claude-code-api" \
    "$venv/bin/python" -m pytest -q tests/packaging --durations=3
}

clients() {
  CCAPI_REQUIRE_CLI=1 CCAPI_BINARY="$root/build/release/claude-code-api" \
    "$venv/bin/python" -m pytest -q tests/clients "${lane[@]}"
}

# Begins a step that needs the network more than the processor; `awaited` waits for its end.
declare -A begun=()
begin() { # NAME COMMAND...
  local name="$1"
  shift
  "$@" >"build/${name// /-}.log" 2>&1 &
  begun[$name]=$!
}
awaited() { # NAME
  wait "${begun[$1]}" || { cat "build/${1// /-}.log"; return 1; }
}

required "packages" scripts/install_dependencies.sh test
required "python environment" python_environment
mkdir -p build
begin "claude CLIs" scripts/install_cli.sh "${cli_versions[@]}"
begin "clients" scripts/install_clients.sh "${lane[@]}"
step "format" scripts/format.sh --check || true
required "build dev" build dev
required "build release" build release
required "claude CLIs" awaited "claude CLIs"
step "package" scripts/package.sh || true
step "packaging" packaging || true
step "ctest" ctest --preset dev --parallel "$jobs" || true
step "end to end" end_to_end release "real_cli or not real_cli" || true
# Client libraries, each in one exact version, against the real CLI.
if step "clients: install" awaited "clients"; then
  step "clients" clients || true
fi
# Once more under ASan and UBSan, with the fake CLI, which can misbehave in every way.
# Some look at answers, not at memory, or at what unit tests have run under sanitizers: once is
# enough.
CCAPI_STORM_SHARE=0.05 step "end to end, sanitized" end_to_end dev "not real_cli" \
  --ignore tests/e2e/test_browser.py --ignore tests/e2e/test_contract.py \
  --ignore tests/e2e/test_every_key.py --ignore tests/e2e/test_limits.py \
  --ignore tests/e2e/test_configuration.py || true
# What several threads do at once: storms, reloads, hang-ups and drains under TSan.
if step "build tsan" build tsan --target claude-code-api; then
  CCAPI_STORM_SHARE=0.03 step "end to end, threads" threads || true
fi
step_with clang++-14 "fuzz" scripts/fuzz.sh 20000 || true
step_with clang-tidy-14 "clang-tidy" scripts/tidy.sh --last || true
finish
