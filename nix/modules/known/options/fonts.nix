{
  enableCoreFonts = [ "anything" ];
  enableDefaultFonts = [ "bool" ];
  enableFontDir = [ "bool" ];
  enableGhostscriptFonts = [ "bool" false ];
  fontDir = { decompressFonts = [ "bool" false ]; enable = [ "bool" false ]; };
  fontconfig = { aliases = [ [ "attrsOf" [ "submodule" { accept = [ [ "listOf" "str" ] [ ] ]; binding = [ [ "enum" [ "same" "weak" "strong" ] ] "same" ]; default = [ [ "listOf" "str" ] [ ] ]; prefer = [ [ "listOf" "str" ] [ ] ]; } ] ] { } ]; allowBitmaps = [ "bool" true ]; allowType1 = [ "bool" false ]; antialias = [ "bool" true ]; cache32Bit = [ "bool" false ]; confPackages = [ [ "listOf" "path" ] [ ] ]; dpi = [ "anything" ]; forceAutohint = [ "anything" ]; hinting = { autohint = [ "bool" false ]; enable = [ "bool" true ]; style = [ [ "enum" [ "none" "slight" "medium" "full" ] ] "slight" ]; }; includeUserConf = [ "bool" true ]; penultimate = [ "anything" ]; renderMonoTTFAsBitmap = [ "anything" ]; subpixel = { lcdfilter = [ [ "enum" [ "none" "default" "light" "legacy" ] ] "default" ]; rgba = [ [ "enum" [ "rgb" "bgr" "vrgb" "vbgr" "none" ] ] "none" ]; }; ultimate = { allowBitmaps = [ "bool" ]; allowType1 = [ "bool" ]; enable = [ "anything" ]; forceAutohint = [ "anything" ]; preset = [ "anything" ]; renderMonoTTFAsBitmap = [ "anything" ]; substitutions = [ "anything" ]; useEmbeddedBitmaps = [ "bool" ]; }; useEmbeddedBitmaps = [ "bool" true ]; };
  fonts = [ [ "listOf" "path" ] ];
  optimizeForVeryHighDPI = [ "anything" ];
}
