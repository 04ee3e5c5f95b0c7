{
  enable = [ "bool" true ];
}
