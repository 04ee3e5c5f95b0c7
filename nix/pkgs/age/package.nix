{ fromDebian, lib }:
fromDebian "age" {
  meta = {
    description = "Encrypts files to keys";
    homepage = "https://age-encryption.org";
    license = lib.licenses.bsd3;
    mainProgram = "age";
  };
}
