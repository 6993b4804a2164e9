# bash completion for engine(1).
_coreloop_engine() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  case "$previous" in
    --set) compopt -o nospace; return ;;
    --skip | --reason | --unskip) return ;;
    --recover-check) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    --health) mapfile -t COMPREPLY < <(compgen -W "http://127.0.0.1:8080/health http://127.0.0.1:8080/ready" -- "$current"); return ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "--help -h --version --set --check-config --print-config --doctor --health --recover-check --recover-and-exit --accept-lost-tail --skip --reason --unskip" -- "$current")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -X '!*.toml' -- "$current"; compgen -d -- "$current")
  fi
}
complete -F _coreloop_engine engine
