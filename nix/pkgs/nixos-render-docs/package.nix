# Manuals of options, by the name and the commands of nixpkgs' program: `options manpage` and
# `options commonmark`. It has no manuals in HTML.
{
  lib,
  python3,
  writeTextFile,
}:
writeTextFile {
  name = "nixos-render-docs";
  executable = true;
  destination = "/bin/nixos-render-docs";
  text = "#!${python3}/bin/python3\n" + builtins.readFile ./nixos-render-docs.py;
  meta = {
    description = "Manual pages of options";
    license = lib.licenses.mit;
    mainProgram = "nixos-render-docs";
  };
}
