# Makes $out of links to the package $raw, whose programs in python find the modules of $modules.
path=
for module in $modules; do
  if [ -d "$module/lib/python3/dist-packages" ]; then
    path+=${path:+:}$module/lib/python3/dist-packages
  fi
done
mkdir -p "$out/bin"
ln -s bin "$out/sbin"
for part in "$raw"/*; do
  case ${part##*/} in bin | sbin) ;; *) ln -s "$part" "$out/" ;; esac
done
for program in "$raw"/bin/*; do
  name=${program##*/}
  if head -n 1 "$program" | grep -q '^#!.*python3'; then
    {
      echo "#!$runtimeShell"
      echo "export PYTHONPATH=$path\${PYTHONPATH:+:\$PYTHONPATH}"
      echo "exec $program \"\$@\""
    } > "$out/bin/$name"
    chmod +x "$out/bin/$name"
  else
    ln -s "$program" "$out/bin/$name"
  fi
done
