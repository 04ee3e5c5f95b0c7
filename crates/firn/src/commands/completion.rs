//! `firn completion SHELL`: the completion script for a shell, on standard output. The script asks the
//! program itself ([`crate::completion`]), so that it never grows old.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::arguments::GlobalArguments;
use crate::exit::Failure;

/// Which shell to complete for.
#[derive(Args)]
#[command(after_help = "\
Examples:
  source <(firn completion bash)                                      # in ~/.bashrc
  firn completion zsh > ~/.local/share/zsh/site-functions/_firn       # a folder of $fpath
  firn completion fish > ~/.config/fish/completions/firn.fish")]
pub struct Arguments {
    /// The shell whose script is wanted
    shell: Shell,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Fish,
    Zsh,
}

const BASH: &str = r#"# Completion of firn and nix for bash.
_firn_complete() {
    local words cword cur line kind=
    if declare -F _get_comp_words_by_ref > /dev/null; then
        _get_comp_words_by_ref -n '=:&#' words cword cur
    else
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]}
    fi
    words[0]=$(type -P -- "${words[0]/#\~/$HOME}") || return
    while IFS= read -r line; do
        if [[ -z $kind ]]; then
            kind=$line
            [[ $kind == filenames ]] && compopt -o filenames
            [[ $kind == attrs ]] && compopt -o nospace
        else
            COMPREPLY+=("${line%%$'\t'*}")
        fi
    done < <(NIX_GET_COMPLETIONS=$cword "${words[@]}" 2> /dev/null)
    declare -F __ltrim_colon_completions > /dev/null && __ltrim_colon_completions "$cur"
}
complete -F _firn_complete firn nix
"#;

const FISH: &str = r#"# Completion of firn and nix for fish.
function _firn_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    NIX_GET_COMPLETIONS=(count $words) $words $current 2> /dev/null | tail -n +2
end
for program in firn nix
    complete --command $program --no-files --arguments '(_firn_complete)'
end
"#;

const ZSH: &str = r#"#compdef firn nix
# Completion of firn and nix for zsh.
_firn() {
    local kind line word
    local -a found suggestions meanings
    found=("${(@f)$(NIX_GET_COMPLETIONS=$((CURRENT - 1)) "${(@Q)words[1,CURRENT]}" 2> /dev/null)}")
    kind=${found[1]}
    for line in "${(@)found[2,-1]}"; do
        word=${line%%$'\t'*}
        suggestions+=("$word")
        meanings+=("$word${line#$word}")
    done
    case $kind in
        filenames) compadd -f -d meanings -a suggestions ;;
        attrs) compadd -S '' -d meanings -a suggestions ;;
        *) compadd -d meanings -a suggestions ;;
    esac
}
if [[ $funcstack[1] == _firn ]]; then _firn "$@"; else compdef _firn firn nix; fi
"#;

/// Prints the script.
pub fn run(arguments: Arguments, _global: &GlobalArguments) -> Result<ExitCode, Failure> {
    print!(
        "{}",
        match arguments.shell {
            Shell::Bash => BASH,
            Shell::Fish => FISH,
            Shell::Zsh => ZSH,
        }
    );
    Ok(ExitCode::SUCCESS)
}
