# What a package's files were made from, for `meta.sourceProvenance`.
{ lib }:
let
  type = isSource: shortName: { inherit isSource shortName; };
in
{
  /** Built from source. */
  fromSource = type true "fromSource";
}
// lib.attrsets.genAttrs [
  # Code for processors, without source.
  "binaryNativeCode"
  # Code for virtual machines, without source.
  "binaryBytecode"
  # Code for devices, without source.
  "binaryFirmware"
  # Source made unreadable.
  "obfuscatedCode"
] (type false)
