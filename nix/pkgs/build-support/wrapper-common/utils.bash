# Functions of wrappers around linkers. Published code that wraps a linker itself (rust-overlay) copies this file, and
# those of ../bintools-wrapper, by their names in nixpkgs.

# hasArgument WANTED ARGUMENT...
hasArgument() {
  local wanted=$1 argument
  shift
  for argument; do
    [[ $argument == "$wanted" ]] && return 0
  done
  return 1
}
