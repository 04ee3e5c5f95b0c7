{
  algorithm = [ [ "either" [ "enum" [ "842" "lzo" "lzo-rle" "lz4" "lz4hc" "zstd" ] ] "str" ] "zstd" ];
  memoryMax = [ [ "nullOr" "int" ] null ];
  memoryPercent = [ "positive" 50 ];
  numDevices = [ "anything" ];
  priority = [ "int" 5 ];
  swapDevices = [ "int" 1 ];
  writebackDevice = [ [ "nullOr" "path" ] null ];
}
