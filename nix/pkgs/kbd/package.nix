# Keyboards and fonts of text consoles, with all layouts and fonts in one package. Layouts that Debian's console-data has
# not are made from those of X by the names which the programs' own authors give them.
{
  debianGroups,
  lib,
  perl,
  runCommandLocal,
  runtimeShell,
  gzip,
}:
let
  raw = debianGroups.kbd;
  data = debianGroups.console-data;
  fonts = debianGroups.console-setup-linux;
  xkb = debianGroups.xkb-data;
  layouts = import ./layouts.nix;
  folders = [ "include" "i386/include" "i386/qwerty" "i386/qwertz" "i386/azerty" "i386/dvorak" "mac/include" "by-xkb" ];
in
runCommandLocal "kbd-${raw.version}"
  {
    passthru = {
      inherit (raw) debianClosure debianVersion version;
      pname = "kbd";
    };
    meta = {
      description = "Keyboards and fonts of text consoles";
      homepage = "https://kbd-project.org";
      license = lib.licenses.gpl2Plus;
      mainProgram = "loadkeys";
    };
  }
  ''
    mkdir -p $out/bin $out/share/keymaps/by-xkb $out/share/consolefonts
    ln -s bin $out/sbin
    ln -s ${raw}/bin/* $out/bin/
    ln -s ${data}/share/keymaps/* $out/share/keymaps/
    ln -s ${data}/share/consoletrans $out/share/consoletrans
    ln -s ${data}/share/consolefonts/* $out/share/consolefonts/
    ln -sf ${fonts}/share/consolefonts/* $out/share/consolefonts/
    make() {
      ${perl}/bin/perl ${debianGroups.console-setup}/bin/ckbcomp -I${xkb}/share/X11/xkb "$2" "$3" > $out/share/keymaps/by-xkb/$1.kmap 2>/dev/null
    }
    ${lib.concatStrings (lib.mapAttrsToList (name: x: "make ${name} ${lib.head x} \"${lib.concatStrings (lib.tail x)}\"\n") layouts)}
    # Where things are looked for otherwise is compiled in.
    rm $out/bin/loadkeys
    cat > $out/bin/loadkeys <<EOF
    #!${runtimeShell}
    export LOADKEYS_KEYMAP_PATH="\''${LOADKEYS_KEYMAP_PATH-$out/share/keymaps/**}"
    export LOADKEYS_INCLUDE_PATH="\''${LOADKEYS_INCLUDE_PATH-${lib.concatMapStringsSep ":" (f: "$out/share/keymaps/${f}/") folders}}"
    export PATH="${gzip}/bin:\$PATH"
    exec ${raw}/bin/loadkeys "\$@"
    EOF
    rm $out/bin/setfont
    cat > $out/bin/setfont <<EOF
    #!${runtimeShell}
    for font; do
      case "\$font" in
        -*|*/*) break ;;
        *) for file in $out/share/consolefonts/"\$font" $out/share/consolefonts/"\$font".*; do
            if [ -e "\$file" ]; then shift; set -- "\$file" "\$@"; break 2; fi
          done ;;
      esac
      break
    done
    export PATH="${gzip}/bin:\$PATH"
    exec ${raw}/bin/setfont "\$@"
    EOF
    chmod +x $out/bin/loadkeys $out/bin/setfont
  ''
