# What happens to the outputs after they are installed.

# patchShebangs [--build|--host] PATH…: leads the first lines of executable scripts to programs of
# the build's search path.
patchShebangs() {
    local file line program rest path
    while [[ ${1-} == --* ]]; do shift; done
    while IFS= read -r -d '' file; do
        isScript "$file" || continue
        IFS= read -r line <"$file" || [ -n "$line" ] || continue
        read -r program rest <<<"${line#\#!}" || true
        case $program in
            "$NIX_STORE"/*) continue ;;
            */bin/env)
                if [ "${rest%% *}" = -S ]; then
                    rest=${rest#-S }
                fi
                [[ ${rest%% *} != -* && ${rest%% *} != *=* ]] || continue
                path=$(PATH="${HOST_PATH:+$HOST_PATH:}$PATH" type -P "${rest%% *}") || continue
                if [[ $rest == *" "* ]]; then rest=${rest#* }; else rest=; fi
                ;;
            *) path=$(PATH="${HOST_PATH:+$HOST_PATH:}$PATH" type -P "${program##*/}") || continue ;;
        esac
        line="$path${rest:+ $rest}"
        echo "$file: interpreter directive changed to \"$line\""
        local stamp
        stamp=$(stat --printf=%y "$file")
        chmod u+w "$file"
        sed -i -e "1 s|.*|#!${line//|/\\|}|" "$file"
        touch --date "$stamp" "$file"
    done < <(find "$@" -type f -perm -0100 -print0 2>/dev/null)
}

patchShebangsAuto() {
    if [ -z "${dontPatchShebangs-}" ] && [ -e "$prefix" ]; then patchShebangs "$prefix"; fi
}

stripDirs() {
    local flags=$1 dir
    shift
    for dir in "$@"; do
        [ -d "$dir" ] || continue
        find "$dir" -type f -print0 | while IFS= read -r -d '' file; do
            if isELF "$file"; then strip $flags "$file" 2>/dev/null || true; fi
        done
    done
}

_doStrip() {
    [ -z "${dontStrip-}" ] && type -P strip >/dev/null && [ -e "$prefix" ] || return 0
    stripDirs "${stripAllFlags:--S -p}" "$prefix/bin" "$prefix/sbin" "$prefix/lib" "$prefix/libexec"
}

# Moves what belongs into another output: moveToOutput "PATTERN" "$dev".
moveToOutput() {
    local pattern=$1 target=$2 outputName source file
    for outputName in $(getAllOutputNames); do
        source=${!outputName}
        [ "$source" != "$target" ] && [ -d "$source" ] || continue
        for file in "$source"/$pattern; do
            [ -e "$file" ] || [ -L "$file" ] || continue
            mkdir -p "$(dirname -- "$target/${file#"$source"/}")"
            mv -- "$file" "$target/${file#"$source"/}"
            rmdir --ignore-fail-on-non-empty -p -- "$(dirname -- "$file")" 2>/dev/null || true
        done
    done
}

_multipleOutputs() {
    local names
    names=" $(getAllOutputNames) "
    if [[ $names == *" dev "* ]]; then
        moveToOutput include "$dev"
        moveToOutput lib/pkgconfig "$dev"
        moveToOutput share/pkgconfig "$dev"
        moveToOutput lib/cmake "$dev"
        moveToOutput share/aclocal "$dev"
    fi
    if [[ $names == *" lib "* ]]; then moveToOutput "lib/*.so*" "$lib"; fi
    if [[ $names == *" bin "* ]]; then moveToOutput bin "$bin"; fi
    if [[ $names == *" man "* ]]; then moveToOutput share/man "$man"; fi
    if [[ $names == *" doc "* ]]; then moveToOutput share/doc "$doc"; fi
    if [[ $names == *" info "* ]]; then moveToOutput share/info "$info"; fi
    return 0
}

_writePropagated() {
    local target=${dev:-${out:-}} list words
    [ -n "$target" ] || return 0
    for list in propagatedBuildInputs:propagated-build-inputs \
        propagatedNativeBuildInputs:propagated-native-build-inputs; do
        __words "${list%:*}"
        if [ "${#__list[@]}" -gt 0 ]; then
            mkdir -p "$target/nix-support"
            printf ' %s' "${__list[@]}" >"$target/nix-support/${list#*:}"
        fi
    done
    __words setupHooks
    if [ -n "${setupHook-}" ] || [ "${#__list[@]}" -gt 0 ]; then
        mkdir -p "$target/nix-support"
        local hook
        for hook in ${setupHook-} "${__list[@]}"; do
            local text
            consumeEntire text <"$hook"
            substituteAllStream text "file '$hook'"
            printf '%s' "$text" >>"$target/nix-support/setup-hook"
        done
    fi
}

fixupPhase() {
    local outputName
    for outputName in $(getAllOutputNames); do
        if [ -e "${!outputName}" ]; then chmod -R u+w,u-s,g-s "${!outputName}"; fi
    done
    runHook preFixup
    _multipleOutputs
    for outputName in $(getAllOutputNames); do
        prefix=${!outputName} runHook fixupOutput
    done
    _writePropagated
    runHook postFixup
}
fixupOutputHooks+=(patchShebangsAuto _doStrip)
