# Makes $out of links to the package $raw, whose programs run after the shell's lines $lines.
mkdir -p "$out/bin"
ln -s bin "$out/sbin"
for part in "$raw"/*; do
  case ${part##*/} in bin | sbin) ;; *) ln -s "$part" "$out/" ;; esac
done
for program in "$raw"/bin/*; do
  name=${program##*/}
  IFS= read -r -n 4 start < "$program" || true
  case $start in
    '#!'* | ?ELF)
      printf '#!%s\n%s\nexec -a "$0" %s "$@"\n' "$runtimeShell" "$lines" "$program" > "$out/bin/$name"
      chmod +x "$out/bin/$name"
      ;;
    *) ln -s "$program" "$out/bin/$name" ;;
  esac
done
