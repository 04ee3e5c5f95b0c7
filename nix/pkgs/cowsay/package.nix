# It looks for its cows in /usr, unless told otherwise.
{
  debianGroups,
  lib,
  runtimeShell,
  wrapDebian,
}:
wrapDebian debianGroups.cowsay
  {
    pname = "cowsay";
    meta = {
      description = "A cow that says something";
      license = lib.licenses.gpl3Only;
      mainProgram = "cowsay";
    };
  }
  ''
    mkdir -p $out/bin
    ln -s ${debianGroups.cowsay}/share $out/share
    for program in cowsay cowthink; do
      {
        echo '#!${runtimeShell}'
        echo 'export COWPATH=''${COWPATH-${debianGroups.cowsay}/share/cowsay/cows}'
        echo "exec ${debianGroups.cowsay}/bin/$program \"\$@\""
      } > $out/bin/$program
      chmod +x $out/bin/$program
    done
  ''
