{ fromDebian, lib }:
fromDebian "iptables" {
  meta = {
    description = "Older interface of the packet filter";
    homepage = "https://netfilter.org/projects/iptables/";
    license = lib.licenses.gpl2Only;
    mainProgram = "iptables";
  };
}
