# The interpreter and FPM. Which extensions are on is a folder of settings, which Debian makes when it installs.
{
  fromDebian,
  runCommand,
  lib,
}:
let
  self = fromDebian "php" {
    passthru.extensionSettings = runCommand "php-extensions" { } ''
      mkdir -p $out
      for file in ${self}/share/php8.2-*/*/*.ini; do
        priority=$(sed -n 's/^; *priority=//p' "$file")
        cp "$file" "$out/''${priority:-20}-''${file##*/}"
      done
    '';
    meta = {
      description = "Interpreter of PHP, with FPM";
      homepage = "https://www.php.net/";
      license = lib.licenses.php301;
      mainProgram = "php";
    };
  };
in
self
