# bash completion for claude-code-api and ccapi.

_claude_code_api() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}" option
  COMPREPLY=()
  # bash splits --port=9000 into three words.
  if [[ "$current" == "=" ]]; then
    option="$previous" current=""
  elif [[ "$previous" == "=" ]]; then
    option="${COMP_WORDS[COMP_CWORD - 2]}"
  else
    option="$previous"
  fi
  case "$option" in
    -c | --config)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -X '!*.toml' -- "$current"; compgen -d -- "$current")
      return
      ;;
    --claude)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -c -X '!claude*' -- "$current"; compgen -f -- "$current")
      return
      ;;
    --host)
      mapfile -t COMPREPLY < <(compgen -W "127.0.0.1 localhost ::1" -- "$current")
      return
      ;;
    -p | --port | --new-key) return ;;
    --log-level)
      mapfile -t COMPREPLY < <(compgen -W "trace debug info warning error off" -- "$current")
      return
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "-h --help -c --config --host -p --port --claude --demo
    --log-level --check-config --print-config --new-key
    --check-store --export --import -V --version" -- "$current")
}

complete -F _claude_code_api claude-code-api ccapi
