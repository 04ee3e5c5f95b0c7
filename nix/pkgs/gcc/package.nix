# GNU C and C++ compilers which find the C library, headers and linker in the store, and what the
# standard environment tells them through NIX_CFLAGS_COMPILE and NIX_LDFLAGS.
{
  debian,
  debianGroups,
  coreutils,
  runCommand,
  runtimeShell,
  lib,
}:
let
  compiler = debianGroups.gcc;
  headers = debianGroups.libc-dev;
  libc = debianGroups.glibc;
  arch = "x86_64-linux-gnu";
  linker = "${libc}/lib/${arch}/ld-linux-x86-64.so.2";
in
runCommand "gcc-wrapper-${compiler.version}"
  {
    meta = {
      description = "GNU C and C++ compilers";
      homepage = "https://gcc.gnu.org/";
      license = lib.licenses.gpl3Plus;
      mainProgram = "gcc";
    };
    passthru = {
      inherit libc;
      inherit (compiler) version;
      cc = compiler;
      isGNU = true;
      isClang = false;
      targetPrefix = "";
      # What those who wrap linkers themselves take from the wrapper there.
      bintools = compiler // {
        bintools = compiler;
        shell = runtimeShell;
        suffixSalt = "x86_64_unknown_linux_gnu";
        wrapperName = "BINTOOLS_WRAPPER";
        coreutils_bin = coreutils;
        expandResponseParams = "";
        targetPrefix = "";
        isLLVM = false;
        dynamicLinker = linker;
        libc = libc;
      };
      libc_dev = headers;
    };
    compileFlags = "-B${headers}/lib/${arch} -idirafter ${headers}/include/${arch} -idirafter ${headers}/include";
    linkFlags = "-L${headers}/lib/${arch} -L${libc}/lib/${arch} -Wl,-dynamic-linker,${linker} -Wl,-rpath,${libc}/lib/${arch} -L${debian."libstdc++6"}/lib/${arch} -Wl,-rpath,${debian."libstdc++6"}/lib/${arch}";
    wrapper = ./wrapper.sh;
    inherit runtimeShell;
  }
  ''
    mkdir -p $out/bin $out/nix-support
    for tool in ${compiler}/bin/*; do
      ln -s "$tool" $out/bin/
    done
    wrap() {
      local program=${compiler}/bin/$2
      rm -f $out/bin/$1
      substitute $wrapper $out/bin/$1 \
        --subst-var-by shell "$runtimeShell" --subst-var-by program "$program" \
        --subst-var-by compile "$compileFlags" --subst-var-by link "$linkFlags"
      chmod +x $out/bin/$1
    }
    for name in gcc cc; do wrap $name gcc-12; done
    for name in g++ c++; do wrap $name g++-12; done
    wrap cpp cpp-12
    cp ${./setup-hook.sh} $out/nix-support/setup-hook
  ''
