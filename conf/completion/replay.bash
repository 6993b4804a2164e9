# bash completion for replay(1).
_coreloop_replay() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} word command="" options
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "$word" in
      run | generate | diff | books | capture | feed | export) command=$word; break ;;
    esac
  done
  case "$command" in
    run) options="--conf --capture --journal --out --summary --from --to --speed --layout --wait --set --hlog --hgrm" ;;
    generate) options="--signals --symbols --accounts --seed --bad --commands --out" ;;
    diff) options="" ;;
    books) options="--fills --journal --stream --mark" ;;
    capture) options="--redis --streams --out --from --to --seconds --deadline" ;;
    feed) options="--capture --redis --streams --speed --rate --maxlen --window --deadline --keep-ids" ;;
    export) options="--journal --out --csv" ;;
    *) options="--version run generate diff books capture feed export" ;;
  esac
  case "$previous" in
    --wait) options="spin yield adaptive"; current=${current#-} ;;
    --speed) options="1 10 max" ;;
    --csv) options="executions positions" ;;
    --layout) options="1 2 3 4 5" ;;
    --conf | --capture | --out | --summary | --fills | --journal | --hlog | --hgrm) options="" ;;
    --*) [[ $previous == --keep-ids || $previous == --version ]] || return ;;
    *) [[ $current != -* && -n $command ]] || options+=" --help -h" ;;
  esac
  if [[ -n $options && ($current == -* || -z $command || $previous =~ ^--(wait|speed|layout|csv)$) ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _coreloop_replay replay
