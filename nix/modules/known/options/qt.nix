{
  enable = [ "bool" false ];
  platformTheme = [ [ "nullOr" [ "enum" [ "gnome" "gtk2" "kde" "lxqt" "qt5ct" ] ] ] null ];
  style = [ [ "nullOr" [ "enum" [ "adwaita" "adwaita-dark" "adwaita-highcontrast" "adwaita-highcontrastinverse" "bb10bright" "bb10dark" "breeze" "cde" "cleanlooks" "gtk2" "kvantum" "motif" "plastique" ] ] ] null ];
}
