# What the formats write. `nix-instantiate --eval --strict` gives the failed tests: none.
{
  lib ? import ../../lib,
}:
let
  formats = import ./. {
    inherit lib;
    # Files as their content.
    pkgs.writeText = _: content: content;
  };
  value =
    format: settings:
    (lib.evalModules {
      modules = [
        { options.settings = lib.mkOption { inherit (format) type; }; }
        { inherit settings; }
      ];
    }).config.settings;
  write = format: settings: format.generate "name" (value format settings);

  elixir = formats.elixirConf { };
  lua = formats.lua { };
  php = formats.php { };
  python = formats.pythonVars { };
  hocon = formats.hocon { };
  libconfig = formats.libconfig { };
  properties = formats.javaProperties { comment = "hi"; };
in
lib.runTests {
  # Java reads Latin-1, so that what is beyond ASCII is written by its number in UTF-16.
  testPropertiesAreAscii = {
    expr = write properties { "ü" = "€ 😀"; };
    expected = "# hi\n\n\\u00fc = \\u20ac \\ud83d\\ude00\n";
  };
  testEmptyListsOfKeys = {
    expr = write (formats.ini { listsAsDuplicateKeys = true; }) {
      a.b = [ ];
      a.c = [ 1 2 ];
    };
    expected = "[a]\nc=1\nc=2\n";
  };
  testListsMustBecomeSomething = {
    expr = (builtins.tryEval (write (formats.ini { atomsCoercedToLists = true; }) { a.b = 1; })).success;
    expected = false;
  };
  testKeysOfListsAreLists = {
    expr = value (formats.keyValue { listsAsDuplicateKeys = true; }) { a = 1; };
    expected.a = [ 1 ];
  };
  testXmlIsASet = {
    expr = (builtins.tryEval (builtins.deepSeq (value (formats.xml { }) null) null)).success;
    expected = false;
  };
  testJson = {
    expr = builtins.fromJSON (write (formats.json { }) { a = [ 1 2.5 null true "x" ]; });
    expected = { a = [ 1 2.5 null true "x" ]; };
  };
  testTomlRoundTrip =
    let
      settings = {
        title = "x \"y\"";
        number = 1;
        float = 1.5;
        whole = 2.0;
        on = true;
        list = [ 1 2 ];
        owner = {
          name = "n";
          "a key" = { deep = "d"; };
        };
        servers = [ { ip = "1"; } { ip = "2"; ports = [ { p = 1; } ]; } ];
        empty = { };
      };
    in
    {
      expr = builtins.fromTOML (write (formats.toml { }) settings);
      expected = settings;
    };
  testTomlNull = {
    expr = (builtins.tryEval ((formats.toml { }).generate "name" { a = null; })).success;
    expected = false;
  };
  testIni = {
    expr = write (formats.ini { }) { b.x = 1; a.y = true; };
    expected = "[a]\ny=true\n\n[b]\nx=1\n";
  };
  testIniListToValue = {
    expr = write (formats.ini { listToValue = builtins.concatStringsSep ","; }) { a.x = [ "1" "2" ]; };
    expected = "[a]\nx=1,2\n";
  };
  testIniTwoAnswers = {
    expr =
      (builtins.tryEval (
        (formats.ini { listsAsDuplicateKeys = true; listToValue = toString; }).generate "name" { a.x = 1; }
      )).success;
    expected = false;
  };
  testIniAtomsCoerced = {
    expr = write (formats.ini { listsAsDuplicateKeys = true; atomsCoercedToLists = true; }) { a.x = 1; };
    expected = "[a]\nx=1\n";
  };
  testIniGlobal = {
    expr = write (formats.iniWithGlobalSection { }) { globalSection.g = 1; sections.a.x = 2; };
    expected = "g=1\n\n[a]\nx=2\n";
  };
  testSystemd = {
    expr = write formats.systemd { Service.ExecStart = [ "a" "b" ]; };
    expected = "[Service]\nExecStart=a\nExecStart=b\n";
  };
  testGit = {
    expr = write (formats.gitIni { }) { user.name = "n"; url.x.insteadOf = "y"; };
    expected = "[url \"x\"]\n\tinsteadOf = \"y\"\n\n[user]\n\tname = \"n\"\n";
  };
  testKeyValue = {
    expr = write (formats.keyValue { }) { a = 1; b = "c"; };
    expected = "a=1\nb=c\n";
  };
  testProperties = {
    expr = write properties { "a b" = " x\\y"; n = 1; };
    expected = "# hi\n\na\\ b = \\ x\\\\y\nn = 1\n";
  };
  testNixConf = {
    expr = write (formats.nixConf { }) { cores = 2; extra-x = [ "a" "b" ]; zzz = true; };
    expected = "# This file was generated from the configuration; don't edit it.\ncores = 2\nzzz = true\nextra-x = a b\n";
  };
  testXml = {
    expr = write (formats.xml { withHeader = false; }) { root = { "@id" = 1; item = [ "a" "b&" ]; }; };
    expected = "<root id=\"1\">\n  <item>a</item>\n  <item>b&amp;</item>\n</root>\n";
  };
  testLibconfig = {
    expr = write libconfig { a = 1; g.b = [ true "x" ]; h = libconfig.lib.mkHex "ff"; };
    expected = "a = 1;\ng = {\n  b = (true, \"x\");\n};\nh = 0xff;\n";
  };
  testHocon = {
    expr = write hocon { a = hocon.lib.mkSubstitution "b.c"; _includes = [ (hocon.lib.mkInclude "x.conf") ]; };
    expected = "include \"x.conf\"\n\"a\" = \${b.c}\n";
  };
  testLua = {
    expr = write lua { a = 1; b = lua.lib.mkRaw "x.y"; };
    expected = "return {\n  [\"a\"] = 1,\n  [\"b\"] = (x.y)\n}\n";
  };
  testPhp = {
    expr = write php { a = [ 1 "it's" ]; b = php.lib.mkRaw "getenv('X')"; };
    expected = "<?php\ndeclare(strict_types=1);\nreturn ['a' => [1, 'it\\'s'], 'b' => getenv('X')];\n";
  };
  testPython = {
    expr = write python { _imports = [ "os" ]; a = { b = null; }; c = python.lib.mkRaw "os.path"; };
    expected = "import os\na = {\"b\": None}\nc = os.path\n";
  };
  testElixirTypes = {
    expr = map (elixir.lib.types.atom.check) [
      (elixir.lib.mkAtom ":a")
      (elixir.lib.mkRaw "x")
      1
    ];
    expected = [ true true false ];
  };
  testElixirValues = {
    expr = write elixir {
      ":app".key = elixir.lib.mkTuple [
        1
        null
        (elixir.lib.mkMap { a = 1.5; })
      ];
      app.env = elixir.lib.mkGetEnv { envVariable = "X"; fallback = "y"; };
    };
    expected = "import Config\n\nconfig :app, :key, {1, nil, %{\"a\" => 1.5}}\nconfig :app, :env, System.get_env(\"X\", \"y\")\n";
  };
  testConfigobj = {
    expr = write (formats.configobj { }) {
      a = 1;
      b = true;
      n = null;
      s = "x, y";
      e = "";
      q = "it's";
      d = "say \"x\"";
      h = "a # b";
      l = [ "a" "b,c" ];
      l1 = [ "a" ];
      l0 = [ ];
      sec = { k = "v"; sub.z = 1; y = 2; };
      nl = "a\nb";
    };
    expected = "a = 1\nb = True\nd = 'say \"x\"'\ne = \"\"\nh = \"a # b\"\nl = a, \"b,c\"\nl0 = ,\nl1 = a,\nn = None\nnl = '''a\nb'''\nq = it's\ns = \"x, y\"\n[sec]\nk = v\ny = 2\n[[sub]]\nz = 1\n";
  };
  testConfigobjTwoQuotes = {
    expr = (builtins.tryEval ((formats.configobj { }).generate "name" { a = [ "'\"" ]; })).success;
    expected = false;
  };
  testHcl = {
    expr = builtins.fromJSON (write (formats.hcl1 { }) { a.b.c = 1; l = [ { x = 1; } ]; });
    expected = { a = [ { b = [ { c = 1; } ]; } ]; l = [ [ { x = 1; } ] ]; };
  };
  testJsonc = {
    expr = builtins.fromJSON (write (formats.jsonc { }) { a = 1; });
    expected = { a = 1; };
  };
  testYaml = {
    expr = map (format: builtins.fromJSON (write (format { }) { a = null; })) [
      formats.yaml
      formats.yaml_1_1
      formats.yaml_1_2
      formats.cdn
    ];
    expected = [ { a = null; } { a = null; } { a = null; } { a = null; } ];
  };
  testPlist = {
    expr = lib.hasInfix "<key>a</key>\n\t<true/>" (write (formats.plist { }) { a = true; });
    expected = true;
  };
  testHoconAppend = {
    expr = write hocon {
      a = hocon.lib.mkAppend 1;
      b = hocon.lib.mkSubstitution { value = "x.\"y/z\""; optional = true; };
      _includes = [ (hocon.lib.mkInclude { value = "f"; type = "file"; required = true; }) ];
    };
    expected = "include required(file(\"f\"))\n\"a\" += 1\n\"b\" = \${?x.\"y/z\"}\n";
  };
  testHoconInvalid = {
    expr = map (value: (builtins.tryEval (hocon.generate "name" value)).success) [
      { a = hocon.lib.mkSubstitution "a}b"; }
      { a = [ (hocon.lib.mkAppend 1) ]; }
      { _includes = [ "x" ]; }
    ];
    expected = [ false false false ];
  };
  testPhpMixed = {
    expr = write (formats.php { finalVariable = "c"; }) { a = php.lib.mkMixedArray [ 1 ] { b = 2.5; }; };
    expected = "<?php\ndeclare(strict_types=1);\n$c = ['a' => [1, 'b' => 2.5]];\n";
  };
  testLuaBindings = {
    expr = write (formats.lua { asBindings = true; }) { a = 1; };
    expected = "a = 1\n";
  };
  # As in nixpkgs' pkgs-lib/formats.nix of mid-2026.
  testNames = {
    expr = builtins.filter (name: !(formats ? ${name})) [
      "cdn"
      "configobj"
      "elixirConf"
      "gitIni"
      "hcl1"
      "hocon"
      "ini"
      "iniWithGlobalSection"
      "javaProperties"
      "json"
      "keyValue"
      "libconfig"
      "lua"
      "nixConf"
      "php"
      "plist"
      "pythonVars"
      "systemd"
      "toml"
      "xml"
      "yaml"
      "yaml_1_1"
      "yaml_1_2"
    ];
    expected = [ ];
  };
  testElixir = {
    expr = write elixir {
      app.level = elixir.lib.mkAtom ":info";
      app."My.Repo" = {
        url = elixir.lib.mkGetEnv { envVariable = "URL"; };
        list = [ 1 "#{x}" ];
      };
    };
    expected = "import Config\n\nconfig :app, My.Repo, [list: [1, \"\\#{x}\"], url: System.get_env(\"URL\", nil)]\nconfig :app, :level, :info\n";
  };
}
