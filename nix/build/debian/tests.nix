# Versions of programs by Debian's. `nix-instantiate --eval --strict` gives the failed tests: none.
{
  lib ? import ../../lib,
}:
let
  upstream = import ./upstream.nix;
  check = debian: expected: {
    name = "test ${debian}";
    value = {
      expr = upstream debian;
      inherit expected;
    };
  };
in
lib.runTests (
  lib.mapAttrs' check {
    "1.22.1-9+deb12u2" = "1.22.1";
    "1:9.2p1-2+deb12u10" = "9.2p1";
    "252.39-1~deb12u2" = "252.39";
    "252.39-1-deb12u2" = "252.39";
    "1.5.1-2+b5" = "1.5.1";
    "2.9.14+dfsg-1.3~deb12u6" = "2.9.14";
    "1:1.2.13.dfsg-1" = "1.2.13";
    "2.0207+dfsg+really+2.0134-1+deb12u1" = "2.0134";
    "1.24+really1.23-4" = "1.23";
    "20230311+deb12u1" = "20230311";
    "2:2.6.2+samba4.17.12+dfsg-0+deb12u4" = "2.6.2";
    "1.6.0+~cs2.6.0-2" = "1.6.0";
    "30+20221128-1" = "30";
    "17.0.19+10-1~deb12u2" = "17.0.19+10";
    "1.6.7~rc0-1+b13" = "1.6.7-rc0";
    "2024a" = "2024a";
  }
)
