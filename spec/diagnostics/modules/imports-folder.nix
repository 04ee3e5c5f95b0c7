{
  imports = [ ../parse ];
}
