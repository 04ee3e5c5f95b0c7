{ fromDebian, lib }:
fromDebian "nftables" {
  meta = {
    description = "Packet filter of Linux";
    homepage = "https://netfilter.org/projects/nftables/";
    license = lib.licenses.gpl2Only;
    mainProgram = "nft";
  };
}
