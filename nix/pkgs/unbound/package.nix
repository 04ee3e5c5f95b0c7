{ fromDebian, lib }:
fromDebian "unbound" {
  meta = {
    description = "DNS resolver that validates";
    homepage = "https://nlnetlabs.nl/projects/unbound/";
    license = lib.licenses.bsd3;
    mainProgram = "unbound";
  };
}
