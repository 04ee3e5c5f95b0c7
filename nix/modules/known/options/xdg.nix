{
  autostart = { enable = [ "bool" true ]; install = [ "bool" true ]; };
  icons = { enable = [ "bool" true ]; fallbackCursorThemes = [ [ "listOf" "str" ] [ ] ]; };
  menus = { enable = [ "bool" true ]; };
  mime = { addedAssociations = [ [ "attrsOf" "anything" ] { } ]; defaultApplications = [ [ "attrsOf" "anything" ] { } ]; enable = [ "bool" true ]; removedAssociations = [ [ "attrsOf" "anything" ] { } ]; };
  portal = { config = [ [ "attrsOf" [ "attrsOf" "anything" ] ] { } ]; configPackages = [ [ "listOf" "package" ] [ ] ]; enable = [ "bool" false ]; extraPortals = [ [ "listOf" "package" ] [ ] ]; gtkUsePortal = [ "anything" ]; lxqt = { enable = [ "bool" false ]; styles = [ [ "listOf" "package" ] [ ] ]; }; wlr = { enable = [ "bool" false ]; settings = [ [ "submodule" { } [ "attrsOf" [ "attrsOf" [ "nullOr" "anything" ] ] ] ] { } ]; }; xdgOpenUsePortal = [ "bool" false ]; };
  sounds = { enable = [ "bool" true ]; };
  terminal-exec = { enable = [ "bool" false ]; package = [ "package" { pkgs = "xdg-terminal-exec"; } ]; settings = [ [ "attrsOf" [ "listOf" "str" ] ] { } ]; };
}
