# No session is said to be the first one.
{ services.xserver.enable = true; }
