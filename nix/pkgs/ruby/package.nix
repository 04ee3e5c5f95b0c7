{ fromDebianWrapped, lib }:
fromDebianWrapped "ruby" {
  RUBYLIB = [
    "lib/ruby/vendor_ruby"
    "lib/ruby/3.1.0"
    "lib/x86_64-linux-gnu/ruby/3.1.0"
  ];
} {
  meta = {
    description = "The Ruby language";
    homepage = "https://www.ruby-lang.org/";
    license = lib.licenses.ruby;
    mainProgram = "ruby";
  };
}
