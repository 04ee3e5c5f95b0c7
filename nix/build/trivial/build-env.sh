# Links the files of many store paths into $out. Sourced by buildEnv.
#
# A folder that one path alone has becomes one link. It turns into a real folder, with links to
# its entries, when a second path has it too.

declare -A __priority

linkEntry() {
    local source=$1 target=$2 priority=$3
    if [ -d "$source" ] && [ -d "$target" ]; then
        if [ -L "$target" ]; then
            local former
            former=$(readlink -f -- "$target")
            [ "$former" != "$(readlink -f -- "$source")" ] || return 0
            rm -- "$target"
            mkdir -- "$target"
            linkFolder "$former" "$target" "${__priority[$target]:-5}"
        fi
        linkFolder "$source" "$target" "$priority"
    elif [ -e "$target" ] || [ -L "$target" ]; then
        collide "$source" "$target" "$priority"
    else
        ln -s -- "$source" "$target"
        __priority[$target]=$priority
    fi
}

linkFolder() {
    local entry
    for entry in "$1"/* "$1"/.[!.]*; do
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        linkEntry "$entry" "$2/${entry##*/}" "$3"
    done
}

collide() {
    local source=$1 target=$2 priority=$3 old
    old=${__priority[$target]:-5}
    [ "$(readlink -f -- "$source")" != "$(readlink -f -- "$target")" ] || return 0
    if [ "$priority" -lt "$old" ]; then
        ln -sfT -- "$source" "$target"
        __priority[$target]=$priority
    elif [ "$priority" -eq "$old" ] && [ "$ignoreCollisions" = 0 ]; then
        if [ "$checkCollisionContents" = 1 ] && cmp -s -- "$source" "$target"; then return 0; fi
        echo "error: collision between '$source' and '$(readlink -- "$target")'" >&2
        echo "  set meta.priority on one of them (lower wins), or ignoreCollisions" >&2
        exit 1
    elif [ "$ignoreCollisions" = 1 ]; then
        echo "warning: collision between '$source' and '$(readlink -- "$target")'" >&2
    fi
}

shopt -s dotglob nullglob
mkdir -p "$out$extraPrefix"
while read -r __rank __path; do
    [ -n "$__path" ] || continue
    if ! [ -d "$__path" ]; then continue; fi
    for __wanted in $pathsToLink; do
        if [ "$__wanted" = / ]; then
            for __entry in "$__path"/*; do
                [ "${__entry##*/}" != nix-support ] || continue
                linkEntry "$__entry" "$out$extraPrefix/${__entry##*/}" "$__rank"
            done
        elif [ -e "$__path$__wanted" ]; then
            mkdir -p "$(dirname -- "$out$extraPrefix$__wanted")"
            linkEntry "$__path$__wanted" "$out$extraPrefix$__wanted" "$__rank"
        fi
    done
    for __propagated in "$__path"/nix-support/propagated-user-env-packages; do
        [ -e "$__propagated" ] || continue
        for __path in $(cat "$__propagated"); do
            for __entry in "$__path"/*; do
                linkEntry "$__entry" "$out$extraPrefix/${__entry##*/}" 10
            done
        done
    done
done < <(cat "$linksPath"; echo)
if [ -n "$manifest" ]; then ln -s "$manifest" "$out/manifest"; fi
