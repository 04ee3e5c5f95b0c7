{ fromDebian, lib }:
fromDebian "perl" {
  meta = {
    description = "The Perl language";
    homepage = "https://www.perl.org/";
    license = lib.licenses.artistic1;
    mainProgram = "perl";
  };
}
