# Puts a channel on installation media, which `base` does not make.
{ }
