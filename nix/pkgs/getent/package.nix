# `getent` and `getconf` of the C library, without its other programs.
{
  glibc,
  lib,
  runCommandLocal,
}:
runCommandLocal "getent-${glibc.version}"
  {
    meta = {
      description = "Asks the databases of users, hosts and more";
      homepage = "https://www.gnu.org/software/libc/";
      license = lib.licenses.lgpl21Plus;
      mainProgram = "getent";
    };
  }
  ''
    mkdir -p $out/bin
    ln -s ${lib.getBin glibc}/bin/getent ${lib.getBin glibc}/bin/getconf $out/bin/
  ''
