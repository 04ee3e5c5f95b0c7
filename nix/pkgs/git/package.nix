# Git, told where its parts are: they are compiled in as folders of /usr.
{
  debianGroups,
  lib,
  runtimeShell,
  wrapDebian,
}:
let
  git = debianGroups.git;
in
wrapDebian git
  {
    pname = "git";
    meta = {
      description = "Version control";
      homepage = "https://git-scm.com/";
      license = lib.licenses.gpl2Only;
      mainProgram = "git";
    };
  }
  ''
    mkdir -p $out/bin
    ln -s ${git}/share ${git}/lib $out/
    for program in ${git}/bin/*; do
      name=''${program##*/}
      printf '#!%s\nexport GIT_EXEC_PATH=''${GIT_EXEC_PATH-%s}\nexport GIT_TEMPLATE_DIR=''${GIT_TEMPLATE_DIR-%s}\nexec -a "$0" %s "$@"\n' \
        ${runtimeShell} ${git}/lib/git-core ${git}/share/git-core/templates "$program" > $out/bin/$name
      chmod +x $out/bin/$name
    done
  ''
