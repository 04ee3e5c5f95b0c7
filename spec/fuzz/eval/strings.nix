let
  s = "a${toString 1}b$${c}\n\t\"";
  t = ''
    two ${s}
      lines '''' ''${x} ''\n
  '';
in
[
  (builtins.substring 1 3 s) (builtins.stringLength t) (builtins.replaceStrings [ "a" "" ] [ "b" "-" ] s)
  (builtins.match "([a-z]+)([0-9]*)(.*)?" "abc12") (builtins.split "([^,]*)," "a,b,,c")
  (builtins.toJSON { inherit s; n = null; f = 1.5e300; }) (builtins.fromJSON "{\"a\": [1, -2.5e3, \"\\u00e9\\ud83d\\ude00\", null]}")
  (builtins.fromTOML "a = 1\n[b]\nc = [1.5, 2]\nd = 'x'") (builtins.toXML [ s 1 true null { a = x: x; } ])
  (builtins.hashString "sha256" s) (builtins.convertHash { hash = "sha256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="; toHashFormat = "nix32"; })
  (builtins.compareVersions "1.2pre3" "1.2") (builtins.splitVersion "1.2-a.3") (builtins.parseDrvName "a-b-1.2")
  (builtins.concatStringsSep "," [ s t ]) (builtins.baseNameOf /a/b.c) (dirOf "/a/b") (/. + "x") (toString [ 1 [ "a" ] true null ])
  (builtins.getContext (builtins.appendContext s { })) (builtins.unsafeDiscardStringContext s) (builtins.placeholder "out")
]
