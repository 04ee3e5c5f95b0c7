# What linkers do for hardening, as far as the build asks for it (`hardeningDisable`, `hardeningEnable`).
hardeningFlags=()
for kind in ${NIX_HARDENING_ENABLE-}; do
  [[ " @hardening_unsupported_flags@ " == *" $kind "* ]] && continue
  case $kind in
    relro) hardeningFlags+=(-z relro) ;;
    bindnow) hardeningFlags+=(-z now) ;;
  esac
done
