{ fromDebian, lib }:
fromDebian "swtpm" {
  meta = {
    description = "A TPM in software";
    homepage = "https://github.com/stefanberger/swtpm";
    license = lib.licenses.bsd3;
    mainProgram = "swtpm";
  };
}
