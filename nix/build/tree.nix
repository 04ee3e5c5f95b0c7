# A folder (or one file) made from data: `builtin:tree`, a builder that is part of the program, so
# that a machine's `/etc` costs no shell and no process.
#
#   name      name of the store path
#   entries   path inside the output → what is there; the path "" is the output itself. One of
#               { text = "…"; }      a file, with `executable = true` one that can be run
#               { link = "/…"; }     a symbolic link; `/…/*` links each file of that folder
#               { copy = "/…"; }     a copy of a file or folder
#               { folder = true; }   an empty folder
#   attrs     further attributes of the derivation
{
  system,
  name,
  entries,
  attrs ? { },
}:
derivation (
  {
    inherit name system;
    builder = "builtin:tree";
    tree = builtins.toJSON entries;
    preferLocalBuild = true;
    allowSubstitutes = false;
  }
  // attrs
)
