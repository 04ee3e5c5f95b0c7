#!@shell@
# Calls the compiler with what it needs to know about the store.
link=1
for argument in "$@"; do
    case $argument in
        -c | -S | -E | -M | -MM | -fsyntax-only) link= ;;
    esac
done
case ${0##*/} in
    cpp) link= ;;
esac
flags=(@compile@ ${NIX_CFLAGS_COMPILE-})
if [ -n "$link" ] && [ "$#" -gt 0 ]; then
    set -- "$@" @link@
    for word in ${NIX_LDFLAGS-}; do set -- "$@" "-Wl,$word"; done
    # Libraries found in a folder of the store are found there again at run time.
    for word in ${NIX_LDFLAGS-}; do
        case $word in
            -L/*) set -- "$@" "-Wl,-rpath,${word#-L}" ;;
        esac
    done
    static=
    for argument in "$@"; do [ "$argument" != -static ] || static=1; done
    if [ -n "$static" ]; then
        kept=()
        for argument in "$@"; do
            case $argument in
                -Wl,-dynamic-linker,* | -Wl,-rpath,*) ;;
                *) kept+=("$argument") ;;
            esac
        done
        set -- "${kept[@]}"
    fi
fi
exec @program@ "${flags[@]}" "$@"
