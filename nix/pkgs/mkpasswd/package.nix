{ fromDebian, lib }:
fromDebian "whois" {
  meta = {
    description = "Encrypts passwords, and asks who has an address";
    homepage = "https://github.com/rfc1036/whois";
    license = lib.licenses.gpl2Plus;
    mainProgram = "mkpasswd";
  };
}
