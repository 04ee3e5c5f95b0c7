{
  extraTTYs = [ "anything" ];
}
