# Kernel modules of every disk and bus: an initial file system finds what the machine has.
{ }
