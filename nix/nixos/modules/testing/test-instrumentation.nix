# What lets a test drive a machine: machines in tests have it without asking (`testing.backdoor`).
{
  imports = [ ../../../testing/node/options.nix ];
}
