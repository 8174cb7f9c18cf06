#!/usr/bin/env bash
# Builds the fuzz targets with clang-14 and runs each of them from its corpus.
# Usage: scripts/fuzz.sh [RUNS [TARGET...]]   RUNS of each target, 200000 if not given; all targets.
# What a target stumbles over stays in build/fuzz/findings; new inputs stay in build/fuzz/inputs and
# are where the next run goes on.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
runs="${1:-200000}"
targets=("${@:2}")
if ((${#targets[@]} == 0)); then
  for source in tests/fuzz/*.cpp; do
    targets+=("$(basename "$source" .cpp)")
  done
fi
if ! command -v clang++-14 >/dev/null; then
  echo "fuzzing needs clang: apt-get install --no-install-recommends clang-14 libclang-rt-14-dev" >&2
  exit 69
fi

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "$(scripts/build_jobs.sh)" --target "${targets[@]/#/fuzz_}"

failed=()
for target in "${targets[@]}"; do
  inputs="build/fuzz/inputs/$target"
  findings="build/fuzz/findings/$target"
  mkdir -p "$inputs" "$findings"
  echo "==> $target"
  begin="$SECONDS"
  if "build/fuzz/fuzz_$target" -runs="$runs" -max_len=65536 -timeout=5 -print_final_stats=1 \
    -artifact_prefix="$findings/" "$inputs" "tests/fuzz/corpus/$target" \
    >"$findings/log" 2>&1; then
    echo "<== $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$findings/log")" \
      "executions, $((SECONDS - begin)) s, nothing found"
  else
    failed+=("$target")
    tail -n 40 "$findings/log"
    echo "<== $target: FAILED, see $findings"
  fi
done
if ((${#failed[@]} > 0)); then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
