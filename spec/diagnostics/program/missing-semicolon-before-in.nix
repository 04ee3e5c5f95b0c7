let
  sshHost = "host";
  # The actual configuration for our module in the test machine
  remoteUnlockConfig = {
    enable = true;
    hostKeys.ssh_host_ed25519_key = "${sshHost}/ssh_host_ed25519_key";
  }
in
  remoteUnlockConfig
