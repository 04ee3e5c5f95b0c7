# Switches a user's units as the program of that name does, which home-manager calls.
{
  lib,
  python3,
  writeTextFile,
}:
writeTextFile {
  name = "sd-switch";
  executable = true;
  destination = "/bin/sd-switch";
  text = "#!${python3}/bin/python3\n" + builtins.readFile ./sd-switch.py;
  meta = {
    description = "Brings a user's running units to what a new folder of units says";
    license = lib.licenses.mit;
    mainProgram = "sd-switch";
  };
}
