x: [
  ./a ../b /c/./d/../e f/g ~/h ./${x} ./i/${x}.nix /j/${x}/k /l//${x} <nixpkgs> <a/b.nix>
  (<a> x) (<a/b> x ./y) ~/${x} http://a.b/c?d=e a:b
]
