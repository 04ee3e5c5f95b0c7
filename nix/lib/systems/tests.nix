{ lib }:
let
  env =
    rustcTargetSpec:
    (lib.systems.elaborate {
      system = "x86_64-linux";
      rust = { inherit rustcTargetSpec; };
    }).rust.platform.env;
in
{
  # https://doc.rust-lang.org/reference/conditional-compilation.html#target_env
  testRustEnvironment = {
    expr = map env [
      "x86_64-unknown-linux-gnu"
      "armv7-unknown-linux-musleabihf"
      "x86_64-unknown-linux-gnux32"
      "wasm32-wasip2"
      "aarch64-unknown-nto-qnx710_iosock"
      "x86_64-unknown-redox"
      "x86_64-fortanix-unknown-sgx"
      "x86_64-apple-darwin"
      "thumbv6m-none-eabi"
    ];
    expected = [ "gnu" "musl" "gnu" "p2" "nto71_iosock" "relibc" "sgx" "" "" ];
  };
  testPartsAreNamed = {
    expr = (lib.systems.elaborate "x86_64-linux").parsed.kernel.name;
    expected = "linux";
  };
  testTypesOfParts = {
    expr = map lib.systems.parse.types.kernel.verify [ lib.systems.parse.kernels.linux { name = "linux"; } ];
    expected = [ true false ];
  };
}
