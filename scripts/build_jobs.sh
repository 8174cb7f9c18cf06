#!/usr/bin/env bash
# Prints how many compilers may run at once: one per core, each with 2 GiB of memory.
set -euo pipefail

cores="$(nproc)"
memory_jobs="$(awk '/^MemAvailable:/ { print int($2 / 2097152) }' /proc/meminfo)"
jobs=$((cores < memory_jobs ? cores : memory_jobs))
echo "$((jobs > 0 ? jobs : 1))"
