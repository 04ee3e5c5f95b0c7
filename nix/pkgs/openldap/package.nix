{ symlinkJoin, debian, lib }:
symlinkJoin {
  name = "openldap-${debian.slapd.version}";
  pname = "openldap";
  inherit (debian.slapd) version;
  paths = [ debian.slapd debian.ldap-utils ];
  meta = {
    description = "Directory server and its tools";
    license = lib.licenses.openldap;
    mainProgram = "slapd";
  };
}
