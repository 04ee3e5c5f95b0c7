# Kernel, its parameters and the initial file system in one program for UEFI: systemd's stub with sections added. Where
# they go in memory: one behind the other, behind the stub's own.
{ config, lib, pkgs }:
let
  toplevel = config.system.build.toplevel;
  stub = "${config.systemd.package}/lib/systemd/boot/efi/linuxx64.efi.stub";
in
pkgs.runCommand "uki" { preferLocalBuild = true; } ''
  export PATH=$PATH:${lib.makeBinPath [ pkgs.binutils ]}
  mkdir $out
  cp ${toplevel}/etc/os-release osrel 2>/dev/null || cp ${pkgs.writeText "os-release" config.environment.etc.os-release.text} osrel
  printf 'init=${toplevel}/init %s' "$(cat ${toplevel}/kernel-params)" > cmdline
  end=$(objdump -h ${stub} | awk 'NF == 7 && $1 ~ /^[0-9]+$/ { e = strtonum("0x" $3) + strtonum("0x" $4); if (e > m) m = e } END { print m }')
  arguments=
  for section in osrel=osrel cmdline=cmdline linux=${toplevel}/kernel initrd=${toplevel}/initrd; do
    file=''${section#*=}
    end=$(((end + 65535) / 65536 * 65536))
    arguments="$arguments --add-section .''${section%%=*}=$file --change-section-vma .''${section%%=*}=$end"
    end=$((end + $(stat -Lc %s $file)))
  done
  objcopy $arguments ${stub} $out/${config.system.boot.loader.ukiFile}
''
