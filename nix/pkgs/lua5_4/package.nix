{ fromDebian, lib }:
fromDebian "lua5.4" {
  pname = "lua5_4";
  meta = {
    description = "The Lua language";
    homepage = "https://www.lua.org/";
    license = lib.licenses.mit;
    mainProgram = "lua5.4";
  };
}
