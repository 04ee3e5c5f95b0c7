# makeWrapper PROGRAM WRAPPER OPTION…: a script that sets up an environment and runs PROGRAM.
#
#   --set VAR VALUE, --set-default VAR VALUE, --unset VAR
#   --prefix VAR SEP VALUE, --suffix VAR SEP VALUE, --prefix-each, --suffix-each VAR SEP "VALUES"
#   --suffix-contents VAR SEP "FILES", --prefix-contents VAR SEP "FILES"
#   --add-flags ARGS, --append-flags ARGS, --add-flag ARG, --append-flag ARG
#   --argv0 NAME, --inherit-argv0, --chdir DIR, --run COMMAND

_wrapQuote() {
    local escaped="'\\''"
    printf "'%s'" "${1//\'/$escaped}"
}

# Where the value stands in the list already, it is moved.
_wrapAdd() {
    local side=$1 name=$2 separator value
    separator=$(_wrapQuote "$3")
    value=$(_wrapQuote "$4")
    echo "$name=\${$name:+$separator\$$name$separator}"
    echo "$name=\${$name/$separator$value$separator/$separator}"
    if [ "$side" = prefix ]; then
        echo "$name=$value\${$name:-$separator}"
    else
        echo "$name=\${$name:-$separator}$value"
    fi
    echo "$name=\${$name#$separator}"
    echo "$name=\${$name%$separator}"
    echo "export $name"
}

makeShellWrapper() {
    local original=$1 wrapper=$2
    shift 2
    if ! [ -f "$original" ] || ! [ -x "$original" ]; then
        echo "error: makeWrapper: '$original' is no program" >&2
        exit 1
    fi
    local before="" after="" argv0="" value file
    mkdir -p "$(dirname "$wrapper")"
    {
        echo "#! @shell@ -e"
        while [ "$#" -gt 0 ]; do
            case $1 in
                --set) printf 'export %s=%q\n' "$2" "$3" && shift 3 ;;
                --set-default) printf 'export %s=${%s-%q}\n' "$2" "$2" "$3" && shift 3 ;;
                --unset) printf 'unset %s\n' "$2" && shift 2 ;;
                --run) printf '%s\n' "$2" && shift 2 ;;
                --chdir) printf 'cd %q\n' "$2" && shift 2 ;;
                --prefix | --suffix) _wrapAdd "${1#--}" "$2" "$3" "$4" && shift 4 ;;
                --prefix-each | --suffix-each)
                    for value in $4; do
                        value_side=${1#--}
                        _wrapAdd "${value_side%-each}" "$2" "$3" "$value"
                    done
                    shift 4
                    ;;
                --prefix-contents | --suffix-contents)
                    for file in $4; do
                        value_side=${1#--}
                        _wrapAdd "${value_side%-contents}" "$2" "$3" "$(cat "$file")"
                    done
                    shift 4
                    ;;
                --add-flags) before+=" $2" && shift 2 ;;
                --add-flag) before+=" $(printf '%q' "$2")" && shift 2 ;;
                --append-flags) after+=" $2" && shift 2 ;;
                --append-flag) after+=" $(printf '%q' "$2")" && shift 2 ;;
                --argv0) argv0="-a $(printf '%q' "$2") " && shift 2 ;;
                --inherit-argv0) argv0='-a "$0" ' && shift ;;
                --resolve-argv0) argv0='-a "$0" ' && shift ;;
                *)
                    echo "error: makeWrapper: unknown option '$1'" >&2
                    exit 1
                    ;;
            esac
        done
        printf 'exec %s"%s" %s "$@" %s\n' "$argv0" "$original" "$before" "$after"
    } >"$wrapper"
    chmod +x "$wrapper"
}
makeWrapper() { makeShellWrapper "$@"; }
makeBinaryWrapper() { makeShellWrapper "$@"; }

# wrapProgram PROGRAM OPTION…: puts a wrapper in the program's place.
wrapProgramShell() {
    local program=$1 hidden
    shift
    if ! [ -f "$program" ] || ! [ -x "$program" ]; then
        echo "error: wrapProgram: '$program' is no program" >&2
        exit 1
    fi
    hidden="$(dirname "$program")/.$(basename "$program")-wrapped"
    while [ -e "$hidden" ]; do hidden+=_; done
    mv "$program" "$hidden"
    makeShellWrapper "$hidden" "$program" --inherit-argv0 "$@"
}
wrapProgram() { wrapProgramShell "$@"; }
