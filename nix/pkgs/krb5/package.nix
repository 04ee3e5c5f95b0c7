{ fromDebian, lib }:
fromDebian "krb5" {
  meta = {
    description = "Kerberos: tickets instead of passwords";
    license = lib.licenses.mit;
    mainProgram = "kinit";
  };
}
