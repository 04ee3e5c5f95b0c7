{ fromDebian, lib }:
fromDebian "netbase" {
  meta = {
    description = "Numbers of protocols and ports by their names: /etc/protocols and /etc/services";
    homepage = "https://www.iana.org/protocols";
    license = lib.licenses.gpl2Plus;
  };
}
