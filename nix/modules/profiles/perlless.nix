# A machine without perl: nothing of a system here is written in it, and what Debian's packages have it for are scripts
# of their installation.
{ system.usrWithout = [ "perl-base" ]; }
