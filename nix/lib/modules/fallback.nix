# `_file` of a module whose declarations of options count only where no other module declares the same
# name: as option where it has levels, or the other way round. Read in messages as where it is declared.
"the list of NixOS' options without effect here"
