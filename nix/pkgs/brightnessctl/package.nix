{ fromDebian, lib }:
fromDebian "brightnessctl" {
  meta = {
    description = "Sets the light of screens and keys";
    homepage = "https://github.com/Hummer12007/brightnessctl";
    license = lib.licenses.mit;
    mainProgram = "brightnessctl";
  };
}
