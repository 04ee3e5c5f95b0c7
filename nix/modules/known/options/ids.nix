{
  gids = [ [ "attrsOf" "int" ] ];
  uids = [ [ "attrsOf" "int" ] ];
}
