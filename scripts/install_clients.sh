#!/usr/bin/env bash
# Installs the pinned client libraries of tests/clients: Python ones into build/venv-clients, Node
# ones into build/node-clients, with a Node of its own where the machine's is older than 20.
# scripts/install_clients.sh [--long]: also the large ones. What is there already is kept.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
python_folder="$root/build/venv-clients"
node_folder="$root/build/node-clients"
node_package=22.23.3

# True if FOLDER was made of exactly these files.
is_current() { # FOLDER FILE...
  [[ -f "$1/installed.sha256" && "$(cat "$1/installed.sha256")" == "$(cat "${@:2}" | sha256sum)" ]]
}

note_current() { # FOLDER FILE...
  cat "${@:2}" | sha256sum >"$1/installed.sha256"
}

install_python() { # REQUIREMENTS...
  if is_current "$python_folder" "$@"; then
    echo "Python clients: there already"
    return
  fi
  local given=() file
  for file in "$@"; do given+=(-r "$file"); done
  rm -rf "$python_folder"
  python3 -m venv "$python_folder"
  # The files name every package, so nothing is resolved; what runs is compiled when it runs.
  "$python_folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-compile \
    "${given[@]}"
  "$python_folder/bin/pip" check --disable-pip-version-check
  note_current "$python_folder" "$@"
  echo "Python clients: installed, $(du -sh "$python_folder" | cut -f1)"
}

node_major() {
  command -v node >/dev/null && node -p 'process.versions.node.split(".")[0]' || echo 0
}

# npm's package `node` fetches its program in an install script; the program's own package has it.
install_node_program() {
  local machine
  case "$(uname -m)" in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) echo "no Node for $(uname -m): install Node 20 or newer" >&2 && return 1 ;;
  esac
  npm install --prefix "$node_folder/program" --ignore-scripts --no-audit --no-fund --no-save \
    --no-update-notifier --loglevel=error "node-linux-$machine@$node_package"
  ln -s "program/node_modules/node-linux-$machine/bin/node" "$node_folder/node"
}

install_node() {
  local sources="$root/tests/clients/node"
  local files=("$sources/package.json" "$sources/package-lock.json")
  if is_current "$node_folder" "${files[@]}"; then
    echo "Node clients: there already"
    return
  fi
  rm -rf "$node_folder"
  mkdir -p "$node_folder"
  cp "${files[@]}" "$node_folder"
  (cd "$node_folder" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --loglevel=error)
  if (("$(node_major)" < 20)); then
    install_node_program
  fi
  note_current "$node_folder" "${files[@]}"
  echo "Node clients: installed, $(du -sh "$node_folder" | cut -f1)"
}

some=("$root/tests/clients/python/requirements.txt")
all=("${some[@]}" "$root/tests/clients/python/requirements-long.txt")
if [[ "${1:-}" == --long ]] || is_current "$python_folder" "${all[@]}"; then
  install_python "${all[@]}"
else
  install_python "${some[@]}"
fi
install_node
