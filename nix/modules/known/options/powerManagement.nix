{
  bootCommands = [ "lines" "" ];
  powertop = { postStart = [ "lines" "" ]; preStart = [ "lines" "" ]; };
}
