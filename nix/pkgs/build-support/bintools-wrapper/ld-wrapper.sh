#! @shell@
# A linker that finds libraries of the store when the program runs: their folders become its run path.
source @out@/nix-support/utils.bash
source @out@/nix-support/add-flags.sh
source @out@/nix-support/add-hardening.sh

arguments=("${flagsBefore[@]}" "$@" "${flagsAfter[@]}")
folders=()
if ! hasArgument -static "$@" && ! hasArgument -r "$@"; then
  previous=
  for argument in "${arguments[@]}"; do
    folder=
    [[ $previous == -L ]] && folder=$argument
    [[ $argument == -L?* ]] && folder=${argument#-L}
    previous=$argument
    if [[ $folder == "${NIX_STORE:-/nix/store}"/* ]] && ! hasArgument "$folder" "${folders[@]}"; then
      folders+=(-rpath "$folder")
    fi
  done
fi
exec @prog@ "${hardeningFlags[@]}" "${arguments[@]}" "${folders[@]}"
