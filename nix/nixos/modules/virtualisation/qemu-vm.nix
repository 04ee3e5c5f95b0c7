# A machine that a script starts (`system.build.vm`).
{
  imports = [ ../../../testing/vm-script ];
}
