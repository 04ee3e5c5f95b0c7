{ fromDebian, lib }:
fromDebian "dnsmasq-base" {
  pname = "dnsmasq";
  meta = {
    description = "Small DNS and DHCP server";
    homepage = "https://thekelleys.org.uk/dnsmasq/doc.html";
    license = lib.licenses.gpl2Plus;
    mainProgram = "dnsmasq";
  };
}
