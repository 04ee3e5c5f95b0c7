# OpenSSH. `scp` and `sftp` are told where `ssh` is: they look for it in /usr.
{
  debianGroups,
  lib,
  runtimeShell,
  wrapDebian,
}:
let
  openssh = debianGroups.openssh;
in
wrapDebian openssh
  {
    pname = "openssh";
    meta = {
      description = "Secure shell, client and server";
      homepage = "https://www.openssh.com/";
      license = lib.licenses.bsd2;
      mainProgram = "ssh";
    };
  }
  ''
    mkdir -p $out/bin
    for part in ${openssh}/*; do
      [ "$part" = ${openssh}/bin ] || ln -s "$part" $out/
    done
    ln -s ${openssh}/bin/* $out/bin/
    for name in scp sftp; do
      rm $out/bin/$name
      printf '#!%s\nexec -a "$0" %s -S %s "$@"\n' \
        ${runtimeShell} ${openssh}/bin/$name ${openssh}/bin/ssh > $out/bin/$name
      chmod +x $out/bin/$name
    done
  ''
