# Platforms: what a processor, a vendor, a kernel and an ABI are called, and what follows from them.
#
#   parts.nix          the known processors, vendors, kernels and ABIs
#   parse.nix          from names like x86_64-unknown-linux-gnu to parts, and back
#   inspect.nix        patterns and predicates such as isLinux
#   doubles.nix        lists of names like x86_64-linux
#   architectures.nix  what compilers call processor models, and which runs code for which
#   platforms.nix      compiler settings of some boards
#   examples.nix       platforms one often compiles for
#   elaborate.nix      everything that is known about a platform, from its name
{ lib }:
let
  systems = {
    parse = import ./parse.nix { inherit lib; };
    inspect = import ./inspect.nix { inherit lib; };
    doubles = import ./doubles.nix { inherit lib; };
    architectures = import ./architectures.nix { inherit lib; };
    platforms = import ./platforms.nix { inherit lib; };
    examples = import ./examples.nix { inherit lib; };

    inherit (import ./elaborate.nix { inherit lib; }) elaborate functionNames;

    /** The systems that flakes commonly have outputs for. */
    flakeExposed = [
      "x86_64-linux"
      "aarch64-linux"
      "x86_64-darwin"
      "armv6l-linux"
      "armv7l-linux"
      "i686-linux"
      "aarch64-darwin"
      "powerpc64le-linux"
      "riscv64-linux"
      "x86_64-freebsd"
    ];

    /**
      Whether two elaborated platforms are the same; `==` is never true of the functions in them.

      # Type
      `equals :: Platform -> Platform -> Bool`

      # Example
      lib.systems.equals (lib.systems.elaborate "x86_64-linux") (lib.systems.elaborate "x86_64-linux")
      => true
    */
    equals = left: right: left._withoutFunctions == right._withoutFunctions;

    /**
      A platform given by name as the attribute set that `elaborate` takes.

      # Type
      `systemToAttrs :: String | AttrSet -> AttrSet`

      # Example
      lib.systems.systemToAttrs "x86_64-linux"
      => { system = "x86_64-linux"; }
    */
    systemToAttrs = system: if builtins.isAttrs system then system else { inherit system; };
  };
in
systems
