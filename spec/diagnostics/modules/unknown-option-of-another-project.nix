# The module of another project was not imported.
{
  home-manager.users.alice.programs.git.enable = true;
}
