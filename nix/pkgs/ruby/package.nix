{ fromDebianWrapped, lib, rubyFolders }:
fromDebianWrapped "ruby" { RUBYLIB = rubyFolders; } {
  meta = {
    description = "The Ruby language";
    homepage = "https://www.ruby-lang.org/";
    license = lib.licenses.ruby;
    mainProgram = "ruby";
  };
}
