# Runs in the place of a package's builder: sets the build environment up as the builder would, then
# writes what the shell knows, as JSON, to the first output; the others stay empty. Its own names begin
# with __firn_, since any other may be the builder's.
if [ -e "${NIX_ATTRS_SH_FILE-}" ]; then . "$NIX_ATTRS_SH_FILE"; fi
export IN_NIX_SHELL=impure
export dontAddDisableDepTrack=1
if [ -n "${stdenv-}" ]; then . "$stdenv/setup"; fi
set +eu
set +o pipefail

# Prints a JSON string.
__firn_string() {
    local __firn_text=$1 __firn_escaped
    __firn_text=${__firn_text//\\/\\\\}
    __firn_text=${__firn_text//\"/\\\"}
    __firn_text=${__firn_text//$'\n'/\\n}
    __firn_text=${__firn_text//$'\t'/\\t}
    __firn_text=${__firn_text//$'\r'/\\r}
    if [[ $__firn_text == *[$'\x01'-$'\x1f']* ]]; then
        local __firn_at __firn_character
        __firn_escaped=
        for ((__firn_at = 0; __firn_at < ${#__firn_text}; __firn_at++)); do
            __firn_character=${__firn_text:__firn_at:1}
            if [[ $__firn_character == [$'\x01'-$'\x1f'] ]]; then
                printf -v __firn_character '\\u%04x' "'$__firn_character"
            fi
            __firn_escaped+=$__firn_character
        done
        __firn_text=$__firn_escaped
    fi
    printf '"%s"' "$__firn_text"
}

# Prints `"name": ` after a comma, but for the first.
__firn_key() {
    printf '%s\n  ' "$__firn_comma"
    __firn_comma=,
    __firn_string "$1"
    printf ': '
}

__firn_array() {
    local -n __firn_it=$1
    local __firn_item __firn_comma=
    printf '{ "type": "array", "value": ['
    for __firn_item in "${__firn_it[@]}"; do
        printf '%s' "$__firn_comma"
        __firn_comma=', '
        __firn_string "$__firn_item"
    done
    printf '] }'
}

__firn_table() {
    local -n __firn_it=$1
    local __firn_item __firn_comma=
    printf '{ "type": "associative", "value": {'
    for __firn_item in "${!__firn_it[@]}"; do
        printf '%s' "$__firn_comma"
        __firn_comma=', '
        __firn_string "$__firn_item"
        printf ': '
        __firn_string "${__firn_it[$__firn_item]}"
    done
    printf '} }'
}

__firn_variable() {
    case $1 in
        BASH* | COMP_* | __firn_* | _ | DIRSTACK | EPOCHREALTIME | EPOCHSECONDS | EUID | FUNCNAME | GROUPS | HISTCMD \
            | HOSTNAME | LINENO | OLDPWD | PIPESTATUS | PWD | RANDOM | SECONDS | SHLVL | SRANDOM)
            return
            ;;
    esac
    local __firn_declared
    __firn_declared=$(declare -p "$1" 2>/dev/null) || return
    __firn_declared=${__firn_declared#declare }
    # Declared, but without a value.
    [[ $__firn_declared == *=* ]] || return
    __firn_key "$1"
    case ${__firn_declared%% *} in
        *a*) __firn_array "$1" ;;
        *A*) __firn_table "$1" ;;
        *)
            local __firn_kind=var
            [[ ${__firn_declared%% *} == *x* ]] && __firn_kind=exported
            printf '{ "type": "%s", "value": ' "$__firn_kind"
            __firn_string "${!1}"
            printf ' }'
            ;;
    esac
}

__firn_variables() {
    local __firn_letter __firn_names __firn_name __firn_comma=
    for __firn_letter in {A..Z} {a..z} _; do
        eval "__firn_names=(\"\${!$__firn_letter@}\")"
        for __firn_name in "${__firn_names[@]}"; do
            __firn_variable "$__firn_name"
        done
    done
}

__firn_functions() {
    local __firn_name __firn_text __firn_comma=
    while read -r _ _ __firn_name; do
        [[ $__firn_name == __firn_* ]] && continue
        __firn_text=$(declare -f "$__firn_name")
        __firn_text=${__firn_text#*\{}
        __firn_key "$__firn_name"
        __firn_string "${__firn_text%\}*}"
    done < <(declare -F)
}

__firn_all() {
    printf '{\n"bashFunctions": {'
    __firn_functions
    printf '\n},\n"variables": {'
    __firn_variables
    printf '\n}'
    if [ -e "${NIX_ATTRS_SH_FILE-}" ]; then
        printf ',\n"structuredAttrs": {\n  ".attrs.json": '
        __firn_string "$(<"$NIX_ATTRS_JSON_FILE")"
        printf ',\n  ".attrs.sh": '
        __firn_string "$(<"$NIX_ATTRS_SH_FILE")"
        printf '\n}'
    fi
    printf '\n}\n'
}

if [[ "$(declare -p outputs 2>/dev/null)" == "declare -"*A* ]]; then
    __firn_outputs=("${outputs[@]}")
else
    __firn_outputs=()
    for __firn_name in ${outputs:-out}; do __firn_outputs+=("${!__firn_name}"); done
fi
__firn_all >"${__firn_outputs[0]}"
for __firn_name in "${__firn_outputs[@]:1}"; do : >"$__firn_name"; done
exit 0
