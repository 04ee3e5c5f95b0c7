# Makes $out of links to the package $raw, whose programs run after the shell's lines $lines; with $interpreter only
# those in its language. $searched has words VARIABLE=FOLDER: a variable gets those of its folders that there are in
# $modules, before what it has.
declare -A path
for module in $modules; do
  for word in $searched; do
    variable=${word%%=*} folder=$module/${word#*=}
    if [ -d "$folder" ]; then
      path[$variable]+=${path[$variable]:+:}$folder
    fi
  done
done
for word in $searched; do
  variable=${word%%=*}
  if [ -n "${path[$variable]-}" ]; then
    lines+="export $variable=${path[$variable]}\${$variable:+:\$$variable}"$'\n'
    unset "path[$variable]"
  fi
done

isWrapped() {
  local start
  if [ -n "$interpreter" ]; then
    head -n 1 "$1" | grep -q "^#!.*$interpreter"
  else
    IFS= read -r -n 4 start < "$1" || true
    case $start in '#!'* | ?ELF) true ;; *) false ;; esac
  fi
}

mkdir -p "$out/bin"
ln -s bin "$out/sbin"
for part in "$raw"/*; do
  case ${part##*/} in bin | sbin) ;; *) ln -s "$part" "$out/" ;; esac
done
for program in "$raw"/bin/*; do
  name=${program##*/}
  if isWrapped "$program"; then
    printf '#!%s\n%sexec -a "$0" %s "$@"\n' "$runtimeShell" "$lines" "$program" > "$out/bin/$name"
    chmod +x "$out/bin/$name"
  else
    ln -s "$program" "$out/bin/$name"
  fi
done
