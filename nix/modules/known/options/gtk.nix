{
  iconCache = { enable = [ "bool" false ]; };
}
