{
  efi = [ "anything" true ];
}
