# Makes $out of links to the package $raw, whose programs in the language of $interpreter find their parts among
# $modules: $searched has words VARIABLE=FOLDER, and a variable gets those of its folders that there are.
declare -A path
for module in $modules; do
  for word in $searched; do
    variable=${word%%=*} folder=$module/${word#*=}
    if [ -d "$folder" ]; then
      path[$variable]+=${path[$variable]:+:}$folder
    fi
  done
done
lines=
for word in $searched; do
  variable=${word%%=*}
  if [ -n "${path[$variable]-}" ]; then
    lines+="export $variable=${path[$variable]}\${$variable:+:\$$variable}"$'\n'
    unset "path[$variable]"
  fi
done
mkdir -p "$out/bin"
ln -s bin "$out/sbin"
for part in "$raw"/*; do
  case ${part##*/} in bin | sbin) ;; *) ln -s "$part" "$out/" ;; esac
done
for program in "$raw"/bin/*; do
  name=${program##*/}
  if head -n 1 "$program" | grep -q "^#!.*$interpreter"; then
    printf '#!%s\n%sexec %s "$@"\n' "$runtimeShell" "$lines" "$program" > "$out/bin/$name"
    chmod +x "$out/bin/$name"
  else
    ln -s "$program" "$out/bin/$name"
  fi
done
