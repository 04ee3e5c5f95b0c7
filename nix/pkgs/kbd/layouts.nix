# Layouts that kbd itself has and Debian's console-data has not: by X's name of the layout, and the variant.
{
  colemak = [ "us" "colemak" ];
  dvorak-programmer = [ "us" "dvp" ];
  en-latin9 = [ "us" "altgr-intl" ];
  fr-bepo = [ "fr" "bepo" ];
  fr-bepo-latin9 = [ "fr" "bepo" ];
  ie = [ "ie" ];
  neo = [ "de" "neo" ];
}
