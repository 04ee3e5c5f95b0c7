# Text for formats that hold ASCII only: other characters as `\uXXXX`, those beyond 16 bits as pairs.
#
# The language's strings are bytes, and it can't tell a byte's number. But JSON can name a character, so the
# bytes of UTF-8 are known by the characters in which they stand.
{ lib }:
let
  inherit (builtins) elemAt genList stringLength substring;

  hex = width: number: lib.strings.fixedWidthString width "0" (lib.strings.toLower (lib.trivial.toHexString number));
  unit = number: "\\u${hex 4 number}";
  character = units: builtins.fromJSON "\"${lib.strings.concatMapStrings unit units}\"";
  # Bytes by what they mean: `number` of the byte at a place in characters.
  byteTable =
    place: entries:
    builtins.listToAttrs (
      map (entry: {
        name = substring place 1 (character entry.units);
        value = entry.bits;
      }) entries
    );
  range = from: to: shift: map (bits: { inherit bits; units = [ (bits * shift) ]; }) (lib.lists.range from to);

  following = byteTable 1 (genList (bits: { inherit bits; units = [ (128 + bits) ]; }) 64);
  leading = {
    two = byteTable 0 (range 2 31 64);
    three = byteTable 0 ([ { bits = 0; units = [ 2048 ]; } ] ++ range 1 15 4096);
    four = byteTable 0 (
      genList (bits: {
        inherit bits;
        units = [
          (if bits == 0 then 55296 else 55232 + 256 * bits)
          56320
        ];
      }) 5
    );
  };

  escaped =
    number:
    if number < 65536 then
      unit number
    else
      unit (55296 + (number - 65536) / 1024) + unit (56320 + lib.trivial.mod (number - 65536) 1024);
in
{
  escapeUnicode =
    text:
    let
      byte = at: substring at 1 text;
      bits = at: following.${byte at} or 0;
      at = place: let first = byte place; in
        if following ? ${first} then
          ""
        else if leading.two ? ${first} then
          escaped (leading.two.${first} * 64 + bits (place + 1))
        else if leading.three ? ${first} then
          escaped (leading.three.${first} * 4096 + bits (place + 1) * 64 + bits (place + 2))
        else if leading.four ? ${first} then
          escaped (
            leading.four.${first} * 262144 + bits (place + 1) * 4096 + bits (place + 2) * 64 + bits (place + 3)
          )
        else
          first;
    in
    lib.strings.concatStrings (genList at (stringLength text));
}
