import { escapeLine } from '../../domain/escape.js';
import type { Completion } from './completion.js';

/** The shells that can be told what a command line takes. */
export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/**
 * What makes the shell ask the program itself, by `completion <shell> -- <words so far>`. A line of the answer is a
 * candidate, a tab and what it is about; `:files` stands for the files of the folder.
 */
export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell].trim();
}

/** The answer that the scripts read. A word that no line can hold is left out. */
export function completionLines({ candidates, files }: Completion): string {
  const lines = candidates
    .filter(({ word }) => escapeLine(word) === word)
    .map(({ word, about }) => (about === undefined ? word : `${word}\t${escapeLine(about)}`));
  return [...lines, ...(files ? [':files'] : [])].join('\n');
}

// Bash 3.2, as macOS has it, has neither mapfile nor compopt. Bash takes words apart at ':' and '=': they are read from the
// line, and of a candidate it wants what stands behind the last of these.
const bash = String.raw`
# bash completion for plutomi-events; load it with: source <(plutomi-events completion bash)
_plutomi_events() {
  local words typed line before
  read -ra words <<< "${'$'}{COMP_LINE:0:COMP_POINT}"
  [[ ${'$'}{COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
  typed=${'$'}{words[${'$'}{#words[@]} - 1]}
  before=${'$'}{typed%"${'$'}{typed##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      type compopt &> /dev/null && compopt -o filenames
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "${'$'}{typed##*=}")
    elif [[ -n $line ]]; then
      line=${'$'}{line%%${'$'}'\t'*}
      COMPREPLY+=("${'$'}{line#"$before"}")
    fi
  done < <("${'$'}{words[0]}" completion bash -- "${'$'}{words[@]:1}" 2> /dev/null)
  if [[ ${'$'}{#COMPREPLY[@]} == 1 && ${'$'}{COMPREPLY[0]} == *[:.=] ]]; then
    type compopt &> /dev/null && compopt -o nospace
  fi
}
complete -F _plutomi_events plutomi-events
`;

const zsh = String.raw`
#compdef plutomi-events
# zsh completion for plutomi-events; load it with: source <(plutomi-events completion zsh)
_plutomi_events() {
  local line word entry
  local -a lines whole open
  lines=("${'$'}{(@f)$("${'$'}{words[1]}" completion zsh -- "${'$'}{(@Q)words[2,CURRENT-1]}" "${'$'}{(Q)PREFIX}" 2> /dev/null)}")
  for line in $lines; do
    if [[ $line == :files ]]; then
      compset -P '*='
      _files
      continue
    fi
    word=${'$'}{line%%${'$'}'\t'*}
    entry=${'$'}{word//:/\\:}
    [[ $line == *${'$'}'\t'* ]] && entry+=:${'$'}{line#*${'$'}'\t'}
    if [[ $word == *[:.=] ]]; then open+=("$entry"); else whole+=("$entry"); fi
  done
  (( ${'$'}#whole )) && _describe -t values plutomi-events whole
  (( ${'$'}#open )) && _describe -t terms term open -S ''
}
if [[ ${'$'}{funcstack[1]} == _plutomi_events ]]; then
  _plutomi_events "$@"
elif (( ${'$'}+functions[compdef] )); then
  compdef _plutomi_events plutomi-events
fi
`;

const fish = String.raw`
# fish completion for plutomi-events; load it with: plutomi-events completion fish | source
function __plutomi_events_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] completion fish -- $words[2..-1] "$typed" 2>/dev/null)
        if test "$line" = ':files'
            set -l before (string match -r '^-[^=]*=' -- "$typed")
            for file in (__fish_complete_path (string replace -r '^-[^=]*=' '' -- "$typed"))
                printf '%s%s\n' "$before" $file
            end
        else
            printf '%s\n' $line
        end
    end
end
complete -c plutomi-events -f -a '(__plutomi_events_complete)'
`;
