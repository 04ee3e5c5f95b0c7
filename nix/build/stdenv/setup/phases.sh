# The phases of a build.

# ---- unpack -------------------------------------------------------------------------------------

stripHash() {
    local name
    name=$(basename -- "$1")
    if [[ $name =~ ^[0123456789abcdfghijklmnpqrsvwxyz]{32}- ]]; then
        echo "${name:33}"
    else
        echo "$name"
    fi
}

unpackCmdHooks+=(_defaultUnpack)
_defaultUnpack() {
    local file=$1
    if [ -d "$file" ]; then
        local target
        target=$(stripHash "$file")
        if [ -e "$target" ]; then
            nixErrorLog "'$file' can't be copied to '$target': that exists already"
            return 1
        fi
        cp -r --preserve=timestamps --reflink=auto -- "$file" "$target"
        return 0
    fi
    case $file in
        *.tar.xz | *.tar.lzma | *.txz) xz -dc <"$file" | tar xf - --mode=+w --warning=no-timestamp ;;
        *.tar | *.tar.* | *.tgz | *.tbz2 | *.tbz) tar xf "$file" --mode=+w --warning=no-timestamp ;;
        *.zip) unzip -qq "$file" ;;
        *) return 1 ;;
    esac
}

unpackFile() {
    curSrc=$1
    echo "unpacking source archive $curSrc"
    if ! runOneHook unpackCmd "$curSrc"; then
        nixErrorLog "don't know how to unpack '$curSrc'; set unpackPhase, or dontUnpack = true"
        exit 1
    fi
}

unpackPhase() {
    runHook preUnpack
    local list=() source before after name
    concatTo list srcs src
    if [ "${#list[@]}" = 0 ]; then
        nixErrorLog "there is nothing to unpack: neither 'src' nor 'srcs' is set (dontUnpack = true skips this phase)"
        exit 1
    fi
    before=" $(for name in *; do [ -d "$name" ] && printf '%s ' "$name"; done; true)"
    for source in "${list[@]}"; do unpackFile "$source"; done
    : "${sourceRoot=}"
    if [ -n "${setSourceRoot:-}" ]; then
        runOneHook setSourceRoot
    elif [ -z "$sourceRoot" ]; then
        for name in *; do
            if [ -d "$name" ] && [[ $before != *" $name "* ]]; then
                if [ -n "$sourceRoot" ]; then
                    nixErrorLog "the source has several folders, '$sourceRoot' and '$name': set sourceRoot"
                    exit 1
                fi
                sourceRoot=$name
            fi
        done
    fi
    if [ -z "$sourceRoot" ]; then
        nixErrorLog "unpacking made no folder: set sourceRoot (perhaps to '.')"
        exit 1
    fi
    echo "source root is $sourceRoot"
    if [ -z "${dontMakeSourcesWritable:-}" ]; then chmod -R u+w -- "$sourceRoot"; fi
    runHook postUnpack
}

# ---- patch --------------------------------------------------------------------------------------

patchPhase() {
    runHook prePatch
    local list=() flags=() file
    concatTo list patches
    concatTo flags patchFlags=-p1
    for file in "${list[@]}"; do
        echo "applying patch $file"
        case $file in
            *.gz) gzip -dc "$file" ;;
            *.bz2) bzip2 -dc "$file" ;;
            *.xz) xz -dc "$file" ;;
            *) cat "$file" ;;
        esac | patch "${flags[@]}"
    done
    runHook postPatch
}

# ---- configure, build, check, install -----------------------------------------------------------

configurePhase() {
    runHook preConfigure
    local script=${configureScript:-} flags=()
    if [ -z "$script" ] && [ -x ./configure ]; then script=./configure; fi
    if [ -n "$script" ]; then
        if [ -z "${dontAddPrefix:-}" ]; then flags+=("${prefixKey:---prefix=}$prefix"); fi
        if [ -z "${dontAddStaticConfigureFlags:-}${dontDisableStatic:-}" ] && grep -q enable-static "$script" 2>/dev/null; then
            flags+=(--disable-static)
        fi
        if [ -z "${dontDisableDepTrack:-}" ] && grep -q dependency-tracking "$script" 2>/dev/null; then
            flags+=(--disable-dependency-tracking)
        fi
        concatTo flags configureFlags configureFlagsArray
        # There need not be a /bin/sh.
        if [ -f "$script" ]; then patchShebangs "$script" >/dev/null; fi
        echoCmd "configure flags" "${flags[@]}"
        $script "${flags[@]}"
    else
        echo "no configure script, doing nothing"
    fi
    runHook postConfigure
}

_makefile() { [ -n "${makefile:-}" ] || [ -e Makefile ] || [ -e makefile ] || [ -e GNUmakefile ]; }

buildPhase() {
    runHook preBuild
    if [ -z "${makeFlags-}" ] && ! _makefile; then
        echo "no Makefile, doing nothing"
    else
        local flags=(${enableParallelBuilding:+-j$NIX_BUILD_CORES} SHELL="$SHELL")
        concatTo flags makeFlags makeFlagsArray buildFlags buildFlagsArray
        echoCmd "build flags" "${flags[@]}"
        make ${makefile:+-f "$makefile"} "${flags[@]}"
    fi
    runHook postBuild
}

checkPhase() {
    runHook preCheck
    if ! _makefile; then
        echo "no Makefile, doing nothing"
        runHook postCheck
        return
    fi
    local target=${checkTarget:-}
    if [ -z "$target" ]; then
        if make -n ${makefile:+-f "$makefile"} check >/dev/null 2>&1; then
            target=check
        elif make -n ${makefile:+-f "$makefile"} test >/dev/null 2>&1; then
            target=test
        fi
    fi
    if [ -n "$target" ]; then
        local flags=(${enableParallelChecking:+-j$NIX_BUILD_CORES} SHELL="$SHELL")
        concatTo flags makeFlags makeFlagsArray checkFlags=VERBOSE=y checkFlagsArray
        make ${makefile:+-f "$makefile"} "${flags[@]}" $target
    fi
    runHook postCheck
}

installPhase() {
    runHook preInstall
    if [ -z "${makeFlags-}" ] && ! _makefile; then
        echo "no Makefile or custom installPhase, doing nothing"
    else
        if [ -n "$prefix" ]; then mkdir -p "$prefix"; fi
        local flags=(${enableParallelInstalling:+-j$NIX_BUILD_CORES} SHELL="$SHELL") targets=()
        concatTo flags makeFlags makeFlagsArray installFlags installFlagsArray
        concatTo targets installTargets=install
        make ${makefile:+-f "$makefile"} "${flags[@]}" "${targets[@]}"
    fi
    runHook postInstall
}

installCheckPhase() {
    runHook preInstallCheck
    if _makefile && make -n ${makefile:+-f "$makefile"} "${installCheckTarget:-installcheck}" >/dev/null 2>&1; then
        local flags=(SHELL="$SHELL")
        concatTo flags makeFlags makeFlagsArray installCheckFlags installCheckFlagsArray
        make ${makefile:+-f "$makefile"} "${flags[@]}" ${installCheckTarget:-installcheck}
    else
        echo "no installcheck target, doing nothing"
    fi
    runHook postInstallCheck
}

distPhase() {
    runHook preDist
    local flags=()
    concatTo flags distFlags distFlagsArray
    make ${makefile:+-f "$makefile"} "${flags[@]}" ${distTarget:-dist}
    mkdir -p "$out/tarballs"
    cp -pvd ${tarballs:-*.tar.gz} "$out/tarballs"
    runHook postDist
}

# ---- all of them --------------------------------------------------------------------------------

showPhaseHeader() {
    case $1 in
        unpackPhase) echo "Running phase: unpackPhase" ;;
        *) echo "Running phase: $1" ;;
    esac
    if [ -n "${NIX_LOG_FD-}" ]; then
        printf '@nix { "action": "setPhase", "phase": "%s" }\n' "$1" >&"$NIX_LOG_FD"
    fi
}

runPhase() {
    local phase=$1
    case $phase in
        unpackPhase) [ -z "${dontUnpack:-}" ] || return 0 ;;
        patchPhase) [ -z "${dontPatch:-}" ] || return 0 ;;
        configurePhase) [ -z "${dontConfigure:-}" ] || return 0 ;;
        buildPhase) [ -z "${dontBuild:-}" ] || return 0 ;;
        checkPhase) [ -n "${doCheck:-}" ] || return 0 ;;
        installPhase) [ -z "${dontInstall:-}" ] || return 0 ;;
        fixupPhase) [ -z "${dontFixup:-}" ] || return 0 ;;
        installCheckPhase) [ -n "${doInstallCheck:-}" ] || return 0 ;;
        distPhase) [ -n "${doDist:-}" ] || return 0 ;;
    esac
    showPhaseHeader "$phase"
    # A text of that name takes precedence over the function.
    local text=
    if [[ "$(declare -p "$phase" 2>/dev/null)" == declare* ]]; then text=${!phase}; fi
    if [ -n "$text" ]; then
        eval "$text"
    else
        "$phase"
    fi
    if [ "$phase" = unpackPhase ]; then
        if [ -n "${sourceRoot:-}" ]; then chmod +x -- "$sourceRoot"; fi
        cd -- "${sourceRoot:-.}"
    fi
}

_definePhases() {
    if [ -z "${phases[*]-}" ]; then
        phases="${prePhases[*]-} unpackPhase patchPhase ${preConfigurePhases[*]-} configurePhase \
            ${preBuildPhases[*]-} buildPhase checkPhase ${preInstallPhases[*]-} installPhase \
            ${preFixupPhases[*]-} fixupPhase installCheckPhase ${preDistPhases[*]-} distPhase \
            ${postPhases[*]-}"
    fi
}
definePhases() { _definePhases; }

genericBuild() {
    local file text=${buildCommand-}
    if [ -n "${buildCommandPath:-}" ]; then
        . "$buildCommandPath"
        return
    fi
    if [ -n "$text" ]; then
        eval "$text"
        return
    fi
    _definePhases
    local phase
    for phase in ${phases[*]}; do runPhase "$phase"; done
}

# Waits for a file that `dumpVars` of the reference makes; some builders call it.
dumpVars() { [ "${noDumpEnvVars:-0}" = 1 ] || export 2>/dev/null >"$NIX_BUILD_TOP/env-vars" || true; }
dumpVars
