# `pkgs.writers`: programs from their text, one function per language. Each takes a name (for `…Bin` the
# program's, else the file's; an absolute path like `/bin/x` is one inside of the output), options where
# nixpkgs has them, and the text or a path of it.
{ pkgs, lib, ... }:
let
  textOf =
    content: if builtins.isPath content || lib.isStorePath content then builtins.readFile content else content;

  /*
    A writer for an interpreter. `check` is a command that is given the file, `wrapper` is as in
    nixpkgs: `makeWrapperArgs` become `makeWrapper`'s.
  */
  makeScriptWriter =
    {
      interpreter,
      check ? "",
      makeWrapperArgs ? [ ],
    }:
    nameOrPath: content:
    let
      isPath = lib.hasPrefix "/" nameOrPath;
      script = pkgs.writeTextFile {
        name = baseNameOf nameOrPath;
        executable = true;
        destination = lib.optionalString isPath nameOrPath;
        text = "#! ${interpreter}\n${textOf content}";
        checkPhase = lib.optionalString (check != "") "${check} $target";
        meta = lib.optionalAttrs isPath { mainProgram = baseNameOf nameOrPath; };
      };
    in
    if makeWrapperArgs == [ ] then
      script
    else
      pkgs.runCommand (baseNameOf nameOrPath)
        {
          nativeBuildInputs = [ pkgs.makeWrapper ];
          meta.mainProgram = baseNameOf nameOrPath;
        }
        "makeWrapper ${lib.getExe' script (baseNameOf nameOrPath)} $out${lib.optionalString isPath nameOrPath} ${lib.escapeShellArgs makeWrapperArgs}";

  inBin = writer: name: writer "/bin/${name}";

  # Writers that take a set of options before the text, or none.
  withOptions =
    make: name: optionsOrContent:
    if builtins.isAttrs optionsOrContent && !lib.isDerivation optionsOrContent then
      make optionsOrContent name
    else
      make { } name optionsOrContent;

  shell =
    interpreter:
    withOptions (
      {
        check ? "${interpreter} -n",
        makeWrapperArgs ? [ ],
      }:
      makeScriptWriter { inherit check interpreter makeWrapperArgs; }
    );

  python = withOptions (
    {
      libraries ? [ ],
      flakeIgnore ? [ ],
      doCheck ? true,
      makeWrapperArgs ? [ ],
    }:
    let
      packages = if builtins.isFunction libraries then libraries else _: libraries;
      interpreter =
        if libraries == [ ] then pkgs.python3 else pkgs.python3.withPackages packages;
    in
    makeScriptWriter {
      interpreter = "${interpreter}/bin/python3";
      # The text is compiled, and not looked at for style.
      check = lib.optionalString doCheck "${pkgs.python3}/bin/python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])'";
      inherit makeWrapperArgs;
    }
  );

  perl = withOptions (_: makeScriptWriter { interpreter = "${pkgs.perl}/bin/perl"; });

  named = name: writer: {
    "write${name}" = writer;
    "write${name}Bin" = inBin writer;
  };
  data = {
    writeText = pkgs.writeText;
    writeJSON = name: value: pkgs.writeText name (builtins.toJSON value + "\n");
    writeYAML = name: value: pkgs.writeText name (builtins.toJSON value + "\n");
    writeTOML = (pkgs.formats.toml { }).generate;
  };
in
{
  writers =
    {
      inherit makeScriptWriter;
      makeScriptWriterBin = options: inBin (makeScriptWriter options);
    }
    // named "Bash" (shell "${pkgs.bash}/bin/bash")
    // named "Dash" (shell "${pkgs.dash}/bin/dash")
    // named "Python3" python
    // named "Perl" perl
    // data;
}
