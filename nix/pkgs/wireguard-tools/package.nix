{ fromDebian, lib }:
fromDebian "wireguard-tools" {
  meta = {
    description = "Sets up WireGuard tunnels";
    homepage = "https://www.wireguard.com/";
    license = lib.licenses.gpl2Only;
    mainProgram = "wg";
  };
}
