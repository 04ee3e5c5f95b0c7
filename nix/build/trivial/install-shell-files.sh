# installManPage FILE…, installShellCompletion [--bash|--fish|--zsh] [--name N] [--cmd N] FILE…,
# installBin FILE…

installManPage() {
    local file name section
    for file in "$@"; do
        [ "$file" != -- ] || continue
        name=$(stripHash "$file")
        section=${name%.gz}
        section=${section##*.}
        install -Dm644 -- "$file" "${man:-$out}/share/man/man${section:0:1}/$name"
    done
}

installBin() {
    local file
    for file in "$@"; do install -Dm755 -- "$file" "${bin:-$out}/bin/$(stripHash "$file")"; done
}

installShellCompletion() {
    local shell="" name="" command="" file target
    while [ "$#" -gt 0 ]; do
        case $1 in
            --bash | --fish | --zsh | --nushell) shell=${1#--} && shift && continue ;;
            --name) name=$2 && shift 2 && continue ;;
            --cmd) command=$2 && shift 2 && continue ;;
            --) shift && continue ;;
        esac
        file=$1
        shift
        local kind=$shell base
        base=${name:-$(stripHash "$file")}
        if [ -z "$kind" ]; then
            case $base in
                *.bash) kind=bash ;;
                *.fish) kind=fish ;;
                *.zsh | _*) kind=zsh ;;
                *) die "installShellCompletion: for which shell is '$file'?" ;;
            esac
        fi
        case $kind in
            bash) target=share/bash-completion/completions/${command:-${base%.bash}} ;;
            fish) target=share/fish/vendor_completions.d/${command:+$command.fish} && [ -n "$command" ] || target+=$base ;;
            zsh)
                base=${base%.zsh}
                target=share/zsh/site-functions/_${command:-${base#_}}
                ;;
            nushell) target=share/nushell/vendor/autoload/${command:-${base%.nu}}.nu ;;
        esac
        mkdir -p "$(dirname "$out/$target")"
        cat "$file" >"$out/$target"
        name=
    done
}
