# What builds ask of linkers through the environment.
flagsBefore=(${NIX_LDFLAGS_BEFORE_@suffixSalt@-${NIX_LDFLAGS_BEFORE-}})
flagsAfter=(${NIX_LDFLAGS_@suffixSalt@-${NIX_LDFLAGS-}})
