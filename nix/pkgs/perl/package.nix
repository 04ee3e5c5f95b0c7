# Perl with its modules. Debian's binary looks for them in /usr, so it is told where they are.
{
  debianGroups,
  lib,
  runtimeShell,
  wrapDebian,
}:
let
  base = debianGroups.perl-base;
  modules = debianGroups.perl;
  arch = "lib/x86_64-linux-gnu";
  folders = "${modules}/${arch}/perl/5.36:${modules}/share/perl/5.36:${base}/${arch}/perl-base";
in
wrapDebian modules
  {
    pname = "perl";
    meta = {
      description = "The Perl language";
      homepage = "https://www.perl.org/";
      license = lib.licenses.artistic1;
      mainProgram = "perl";
    };
    passthru = {
      libPrefix = "share/perl5";
      interpreter = "${base}/bin/perl";
    };
  }
  ''
    mkdir -p $out/bin $out/nix-support
    for program in ${modules}/bin/*; do ln -s "$program" $out/bin/; done
    printf '#!%s\nexport PERL5LIB=''${PERL5LIB:+$PERL5LIB:}%s\nexec -a "$0" %s "$@"\n' \
      ${runtimeShell} '${folders}' ${base}/bin/perl > $out/bin/perl
    chmod +x $out/bin/perl
    ln -s perl $out/bin/perl5.36.0
    cat > $out/nix-support/setup-hook <<'END'
    addPerlModules() { addToSearchPath PERL5LIB "$1/share/perl5"; }
    addEnvHooks 0 addPerlModules
    END
  ''
