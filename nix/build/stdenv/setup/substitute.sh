# Replacing text in files.

# substituteStream VARIABLE DESCRIPTION --replace-fail A B | --replace-warn A B | --replace-quiet A B
#   | --replace A B | --subst-var NAME | --subst-var-by NAME TEXT
substituteStream() {
    local name=$1 description=$2
    shift 2
    local -n content=$name
    local pattern replacement mode
    while [ "$#" -gt 0 ]; do
        case $1 in
            --replace | --replace-fail | --replace-warn | --replace-quiet)
                mode=$1 pattern=$2 replacement=$3
                shift 3
                if [[ $content != *"$pattern"* ]]; then
                    case $mode in
                        --replace-fail)
                            nixErrorLog "substituteStream(): the text '$pattern' is not in $description"
                            return 1
                            ;;
                        --replace | --replace-warn)
                            nixWarnLog "substituteStream(): the text '$pattern' is not in $description"
                            ;;
                    esac
                fi
                content=${content//"$pattern"/"$replacement"}
                ;;
            --subst-var)
                if ! [[ $2 =~ ^[a-zA-Z_][a-zA-Z0-9_]*$ ]]; then
                    nixErrorLog "substituteStream(): '$2' is no name of a variable"
                    return 1
                fi
                if [ -z "${!2+set}" ]; then
                    nixErrorLog "substituteStream(): the variable '$2' is not set"
                    return 1
                fi
                content=${content//"@$2@"/"${!2}"}
                shift 2
                ;;
            --subst-var-by)
                content=${content//"@$2@"/"$3"}
                shift 3
                ;;
            *)
                nixErrorLog "substituteStream(): '$1' is no option of it"
                return 1
                ;;
        esac
    done
}

# Reads a file with all its newlines. Files with NUL bytes are refused: bash would lose them.
consumeEntire() {
    if IFS= read -r -d '' "$1"; then
        nixErrorLog "consumeEntire(): the input holds NUL bytes"
        return 1
    fi
}

substitute() {
    local input=$1 output=$2
    shift 2
    if ! [ -f "$input" ]; then
        nixErrorLog "substitute(): there is no file '$input'"
        return 1
    fi
    local text
    consumeEntire text <"$input" || return 1
    if [ -e "$output" ]; then chmod +w "$output"; fi
    substituteStream text "file '$input'" "$@" || return 1
    printf '%s' "$text" >"$output"
}

substituteInPlace() {
    local files=()
    while [ "$#" -gt 0 ] && [[ $1 != --* ]]; do
        files+=("$1")
        shift
    done
    if [ "${#files[@]}" = 0 ]; then
        nixErrorLog "substituteInPlace(): no file is given"
        return 1
    fi
    local file
    for file in "${files[@]}"; do
        substitute "$file" "$file" "$@" || return 1
    done
}

_allFlags() {
    local name
    while IFS= read -r name; do
        if [[ $name =~ ^[a-z][a-zA-Z0-9_]*$ ]]; then
            args+=("--subst-var" "$name")
        fi
    done < <(compgen -e; if [ -n "$__structured" ]; then compgen -v; fi)
}

substituteAllStream() {
    local args=()
    _allFlags
    substituteStream "$1" "$2" "${args[@]}"
}

# Replaces @name@ for every variable of the environment whose name begins with a small letter.
substituteAll() {
    local args=()
    _allFlags
    substitute "$1" "$2" "${args[@]}"
}

substituteAllInPlace() {
    local file=$1
    shift
    substituteAll "$file" "$file" "$@"
}
